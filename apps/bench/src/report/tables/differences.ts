import type { TaskResults } from '../../results'
import { rangeNames } from './loss-by-index'
import type { Table } from '../table'

/** TTT-E2E against each other system, paired by document. */
export function differencesTable(task: TaskResults): Table | undefined {
  if (task.differences.length === 0) return undefined
  const seeds = task.systems.find(({ name }) => name === 'ttt-e2e')?.evaluations.length ?? 1
  return {
    title: `ttt-e2e less each other system at ${rangeNames(task).at(-1)} (nats; negative: ttt-e2e is better)`,
    columns: ['against', 'difference', '95 % interval', 'pairs'],
    rows: task.differences.map(({ system, mean, low, high, pairs }) => [
      system,
      signed(mean),
      low === undefined || high === undefined ? 'needs two documents' : `${signed(low)} to ${signed(high)}`,
      String(pairs),
    ]),
    note: `paired bootstrap over held-out documents${seeds > 1 ? ' and seeds' : '; one seed, so it says nothing about other seeds (--seeds 3)'}`,
  }
}

export const signed = (value: number) => (value < 0 ? '−' : '+') + Math.abs(value).toFixed(3)
