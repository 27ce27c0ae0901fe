import type { WithInterval } from '@ttt-e2e/report'
import { createRandom } from '@ttt-e2e/tensor-ops'

export interface PairedDifference extends WithInterval {
  pairs: number
}

const resamples = 4000

/**
 * The mean of a − b over documents and seeds with its 95 % bootstrap interval.
 *
 * @param a [seeds][documents]
 * @param b of the same shape
 */
export function pairedDifference(a: number[][], b: number[][]): PairedDifference {
  const differences = a.map((row, seed) => row.map((value, document) => value - b[seed][document]))
  return { ...bootstrapMean(differences), pairs: differences.length * differences[0].length }
}

/**
 * The mean with its 95 % bootstrap interval, none with fewer than two documents: documents, which are the same for every seed, are drawn with replacement, and
 * so are seeds where there are several. Seeded, so that a report is repeatable.
 *
 * @param values [seeds][documents]
 */
export function bootstrapMean(values: readonly number[][]): WithInterval {
  const seeds = values.length
  const documents = values[0].length
  const count = seeds * documents
  const mean = values.flat().reduce((sum, value) => sum + value, 0) / count
  if (documents < 2) return { mean }
  const random = createRandom(1)
  const means = Array.from({ length: resamples }, () => {
    const rows = Array.from({ length: seeds }, () => values[random.integer(seeds)])
    let sum = 0
    for (let d = 0; d < documents; d++) {
      const document = random.integer(documents)
      for (const row of rows) sum += row[document]
    }
    return sum / count
  })
  return { mean, ...interval(means) }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export interface Slope {
  /** Change of y per unit of x, by least squares through the medians of each x. */
  slope: number
  /** Share of the medians' variance that this line explains (R²); 1 where they are all alike. */
  explained: number
  /** 95 % bootstrap interval over rounds; absent with fewer than two. */
  low?: number
  high?: number
}

/**
 * The slope of y against x with its 95 % bootstrap interval: rounds are drawn with replacement. Seeded, so that a
 * report is repeatable.
 *
 * @param x where each y was measured
 * @param y [rounds][x]
 */
export function slopeOfMedians(x: readonly number[], y: readonly number[][]): Slope {
  const lineOf = (rounds: readonly number[][]) =>
    leastSquares(
      x,
      x.map((_, i) => median(rounds.map((row) => row[i]))),
    )
  const line = lineOf(y)
  if (y.length < 2) return line
  const random = createRandom(1)
  const slopes = Array.from(
    { length: resamples },
    () => lineOf(y.map(() => y[random.integer(y.length)])).slope,
  )
  return { ...line, ...interval(slopes) }
}

/** The slope of y against x by least squares. */
export const slopeOf = (x: readonly number[], y: readonly number[]): number => leastSquares(x, y).slope

/** The straight line a + c · x through points by least squares, and the share of y's variance that it explains (R²). */
export function lineThrough(
  x: readonly number[],
  y: readonly number[],
): { a: number; c: number; explained: number } {
  const { slope: c, explained } = leastSquares(x, y)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return { a: mean(y) - c * mean(x), c, explained }
}

function leastSquares(x: readonly number[], y: readonly number[]): { slope: number; explained: number } {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(x), mean(y)]
  let [covariance, varianceX, varianceY] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    covariance += (x[i] - meanX) * (y[i] - meanY)
    varianceX += (x[i] - meanX) ** 2
    varianceY += (y[i] - meanY) ** 2
  }
  return {
    slope: covariance / varianceX,
    explained: varianceY === 0 ? 1 : covariance ** 2 / (varianceX * varianceY),
  }
}

/** What holds the middle 95 % of bootstrap estimates. */
function interval(estimates: number[]): { low: number; high: number } {
  const sorted = estimates.sort((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  return { low: quantile(0.025), high: quantile(0.975) }
}

/**
 * The share of successes with its 95 % Wilson interval, which holds at 0 and at 1, too.
 *
 * @param tries 1 or more
 */
export function wilson(successes: number, tries: number): { mean: number; low: number; high: number } {
  const z = 1.959964
  const mean = successes / tries
  const centre = (mean + z ** 2 / (2 * tries)) / (1 + z ** 2 / tries)
  const half = (z / (1 + z ** 2 / tries)) * Math.sqrt((mean * (1 - mean)) / tries + z ** 2 / (4 * tries ** 2))
  return { mean, low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}
