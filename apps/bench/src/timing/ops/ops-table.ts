import type { Table } from '@ttt-e2e/report'
import type { SpeedSizeName } from '../sizes'
import { digits } from '../speed-table'
import type { OpSpeed } from './time-ops'

export function opsTable(engine: string, size: SpeedSizeName, speeds: readonly OpSpeed[]): Table {
  return {
    title: `${size} · ops on ${engine}`,
    columns: ['op', 'shape', 'order', 'microseconds', 'rate', 'of the peak', '× reference'],
    rows: speeds.map(({ op, shape, order, seconds, rate, shareOfPeak, timesReference, withoutKernel }) => [
      op,
      shape,
      order,
      digits(1e6 * seconds),
      `${digits(rate.value)} ${rate.unit}`,
      `${(100 * shareOfPeak).toFixed(0)} %`,
      timesReference === undefined ? (withoutKernel ? 'no kernel' : '') : timesReference.toFixed(1),
    ]),
    note: 'peak: a large product, or a large copy, run in turn; what fits into the caches can move faster than that; × reference: how many times as long the reference takes on the same engine',
  }
}
