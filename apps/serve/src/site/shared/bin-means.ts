export interface Bin {
  /** Tokens read at its end. */
  end: number
  /** Mean of its values. */
  mean: number
}

/**
 * Means of consecutive values in bins of one size; the last may be shorter. What is no number is left out, and so is a bin
 * of nothing else.
 *
 * @param most bins at the most
 * @param fewest values in a bin at the least
 */
export function binMeans(values: ArrayLike<number>, most: number, fewest: number): Bin[] {
  const size = Math.max(fewest, Math.ceil(values.length / most))
  const bins: Bin[] = []
  for (let start = 0; start < values.length; start += size) {
    const end = Math.min(start + size, values.length)
    let [sum, count] = [0, 0]
    for (let i = start; i < end; i++) {
      if (Number.isNaN(values[i])) continue
      sum += values[i]
      count++
    }
    if (count > 0) bins.push({ end, mean: sum / count })
  }
  return bins
}
