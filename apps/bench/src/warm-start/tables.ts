import type { Table } from '@ttt-e2e/report'
import { columnMeans, type IndexRange } from '@ttt-e2e/training'
import { pairedDifference } from '../statistics'
import { rangeNames } from '../probes/loss-by-index/range-names'
import type { Reading } from './readers'

/** Mean losses by token index. */
export function lossesTable(readings: readonly Reading[], ranges: readonly IndexRange[]): Table {
  return {
    title: 'loss by token index of held-out books (nats per token)',
    columns: ['reader', ...rangeNames({ ranges: [...ranges] })],
    rows: readings.map(({ name, losses }) => [name, ...columnMeans(losses).map((mean) => mean.toFixed(3))]),
  }
}

/** How far the first reader is ahead of each other one. */
export function differencesTable(
  [first, ...others]: readonly Reading[],
  ranges: readonly IndexRange[],
): Table {
  const column = ({ losses }: Reading, range: number) => losses.map((row) => row[range])
  return {
    title: `what ${first.name} is ahead by (nats per token)`,
    columns: ['of', ...rangeNames({ ranges: [...ranges] })],
    rows: others.map((other) => [
      other.name,
      ...ranges.map((_, range) => {
        const { mean, low, high } = pairedDifference([column(other, range)], [column(first, range)])
        return low === undefined
          ? mean.toFixed(3)
          : `${mean.toFixed(3)} (${low.toFixed(3)} to ${high!.toFixed(3)})`
      }),
    ]),
    note: `the other's loss less that of ${first.name}; in brackets the 95 % interval of the paired differences over ${first.losses.length} documents`,
  }
}
