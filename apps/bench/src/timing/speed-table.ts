import type { Table } from '@ttt-e2e/report'
import type { Speed } from './measurement'

/** A table of speeds at one size. */
export function speedTable(title: string, speeds: readonly Speed[]): Table {
  const [{ peakFlopsPerSecond }] = speeds
  return {
    title,
    columns: ['system', 'work', 'tokens/s', 'seconds', 'GFLOP/s', 'of the limit', 'kernel calls', 'a token'],
    rows: speeds.map((speed) => [
      speed.system,
      speed.work,
      digits(speed.tokensPerSecond),
      digits(speed.seconds),
      speed.flopsPerToken === undefined ? '' : gigaflops(speed.flopsPerToken * speed.tokensPerSecond),
      speed.shareOfLimit === undefined ? '' : `${(100 * speed.shareOfLimit).toFixed(0)} %`,
      String(speed.kernelCalls),
      digits(speed.kernelCallsPerToken),
    ]),
    note: `medians of ${speeds[0].samples.seconds.length} runs; limit: the counted FLOPs, each once, at the ${gigaflops(peakFlopsPerSecond)} GFLOP/s of the matrix products run in turn`,
  }
}

const gigaflops = (flopsPerSecond: number): string => digits(flopsPerSecond / 1e9)

/** Three digits that count. */
export const digits = (value: number): string =>
  value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
