/** Nats by rate; null where numbers were not finite. */
export type LossByRate = Record<string, number | null>

/** A system's peak rate, and where it is from in a few words. */
export interface SystemRate {
  rate: number
  source: string
}

/** The rate with the lowest loss, and whether it is at the end of those that were measured: there may be a better one beyond. */
export function bestRate(losses: LossByRate): { rate: number; edge?: 'lowest' | 'highest' } {
  const rates = ratesOf(losses)
  const lossOf = (rate: number) => losses[rate] ?? Infinity
  const rate = rates.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a))
  if (rate === rates[0]) return { rate, edge: 'lowest' }
  return rate === rates.at(-1) ? { rate, edge: 'highest' } : { rate }
}

/** The same for a reader. */
export function systemRate(losses: LossByRate): SystemRate {
  const { rate, edge } = bestRate(losses)
  return { rate, source: `the best of ${ratesOf(losses).join(', ')}${edge ? `, the ${edge}` : ''}` }
}

/** Those that were measured, rising. */
export const ratesOf = (losses: LossByRate): number[] =>
  Object.keys(losses)
    .map(Number)
    .sort((a, b) => a - b)
