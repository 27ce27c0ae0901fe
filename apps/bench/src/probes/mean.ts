export function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]
  return total
}

/** Of one value or more. */
export const mean = (values: ArrayLike<number>): number => sum(values) / values.length
