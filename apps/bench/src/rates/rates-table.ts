import type { Table } from '@ttt-e2e/report'
import { bestRate, ratesOf, type LossByRate } from './system-rate'

/** Validation loss by rate, the best one last. */
export function ratesTable(task: string, losses: Readonly<Record<string, LossByRate>>): Table {
  const rates = [...new Set(Object.values(losses).flatMap(ratesOf))].sort((a, b) => a - b)
  const show = (loss: number | null | undefined) =>
    loss === undefined ? '–' : loss === null ? 'not finite' : loss.toFixed(3)
  return {
    title: `validation loss on ${task} by peak rate (nats per token)`,
    columns: ['system', ...rates.map(String), 'best'],
    rows: Object.entries(losses).map(([system, byRate]) => {
      const { rate, edge } = bestRate(byRate)
      return [
        system,
        ...rates.map((each) => show(byRate[each])),
        [rate, ...(edge ? [edge] : [])].join(', the '),
      ]
    }),
  }
}
