import { signed, type Table } from '@ttt-e2e/report'
import type { TaskResults } from '../../experiment/results'
import { rangeNames } from './range-names'
import { subjectOf, type LossSummary } from './summarise'

/** The subject against each other system, paired by document. */
export function differencesTable(
  { differences }: LossSummary,
  task: TaskResults,
  seedsOf: (system: string) => number,
): Table[] {
  if (differences.length === 0) return []
  const subject = subjectOf(task)
  return [
    {
      title: `${subject} less each other system at ${rangeNames(task).at(-1)} (nats; negative: ${subject} is better)`,
      columns: ['against', 'difference', '95 % interval', 'pairs'],
      rows: differences.map(({ system, mean, low, high, pairs }) => [
        system,
        signed(mean),
        low === undefined || high === undefined ? 'needs two documents' : `${signed(low)} to ${signed(high)}`,
        String(pairs),
      ]),
      note: `paired bootstrap over held-out documents${seedsOf(subject) > 1 ? ' and seeds' : oneSeed(task)}`,
    },
  ]
}

const oneSeed = ({ given }: TaskResults) =>
  given ? '' : '; one seed, so it says nothing about other seeds (--seeds 3)'
