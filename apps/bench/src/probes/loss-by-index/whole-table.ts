import type { Table } from '@ttt-e2e/report'
import type { Measurement, TaskResults } from '../../experiment/results'
import { sum } from '../mean'

/** Of text that a given model reads: nats per byte don't depend on what its tokens are. */
export function wholeTable(
  measured: readonly Measurement<number[][]>[],
  { given, ranges, recipe }: TaskResults,
): Table[] {
  if (!given?.bytes) return []
  const { length } = recipe.evaluation
  const tokens = given.bytes.length * length
  const bytes = sum(given.bytes)
  const natsOf = (row: readonly number[]) => sum(ranges.map(({ from, to }, i) => row[i] * (to - from)))
  return [
    {
      title: 'loss of whole documents',
      columns: ['system', 'nats per token', 'nats per byte', 'bits per byte'],
      rows: measured.map(({ system, value }) => {
        const nats = sum(value.map(natsOf))
        const perByte = nats / bytes
        return [system, nats / tokens, perByte, perByte / Math.LN2].map((each) =>
          typeof each === 'number' ? each.toFixed(3) : each,
        )
      }),
      note: `${given.bytes.length} held-out documents of ${length} tokens (${given.tokenizer}), ${(bytes / tokens).toFixed(2)} bytes of text each`,
    },
  ]
}
