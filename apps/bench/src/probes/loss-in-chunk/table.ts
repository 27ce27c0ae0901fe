import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { ChunkSummary } from './summarise'

/** Nats by place within a chunk, the places of each quarter together, and how much higher the last quarter is. */
export function chunkTable(
  { summary }: ProbeResults<number[][], ChunkSummary>,
  { recipe }: TaskResults,
): Table[] {
  const { chunk } = recipe.size
  const quarters = [0, 1, 2, 3].map((n) => [Math.floor((n * chunk) / 4), Math.floor(((n + 1) * chunk) / 4)])
  const mean = (values: number[]) => values.reduce((sum, nats) => sum + nats, 0) / values.length
  return [
    {
      title: `loss by place within a chunk of ${chunk} (nats per token)`,
      columns: ['system', ...quarters.map(([from, to]) => `${from}–${to}`), 'last quarter less first'],
      rows: Object.entries(summary).map(([name, { byPlace, rise }]) => [
        name,
        ...quarters.map(([from, to]) => mean(byPlace.slice(from, to)).toFixed(3)),
        inInterval(rise),
      ]),
      note: 'all whole chunks of the held-out documents but the first; 95 % interval of a bootstrap over paired documents and seeds',
    },
  ]
}
