import { createRandom } from '@ttt-e2e/tensor-ops'

export interface PairedDifference {
  mean: number
  low?: number
  high?: number
  pairs: number
}

const resamples = 4000

/**
 * The mean of a − b over documents and seeds with its 95 % bootstrap interval: documents, which are the same for every
 * seed, are drawn with replacement, and so are seeds where there are several. Seeded, so that a report is repeatable.
 *
 * @param a [seeds][documents]
 * @param b of the same shape
 */
export function pairedDifference(a: number[][], b: number[][]): PairedDifference {
  const differences = a.map((row, seed) => row.map((value, document) => value - b[seed][document]))
  const seeds = differences.length
  const documents = differences[0].length
  const mean = differences.flat().reduce((sum, value) => sum + value, 0) / (seeds * documents)
  const pairs = seeds * documents
  if (documents < 2) return { mean, pairs }
  const random = createRandom(1)
  const means = Array.from({ length: resamples }, () => {
    const rows = Array.from({ length: seeds }, () => differences[random.integer(seeds)])
    let sum = 0
    for (let d = 0; d < documents; d++) {
      const document = random.integer(documents)
      for (const row of rows) sum += row[document]
    }
    return sum / pairs
  }).sort((x, y) => x - y)
  const quantile = (q: number) => means[Math.min(resamples - 1, Math.floor(q * resamples))]
  return { mean, low: quantile(0.025), high: quantile(0.975), pairs }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
