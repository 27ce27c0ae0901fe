/** The first index whose value is above `value`, in an increasing array whose last is. */
export function firstAbove(increasing: readonly number[], value: number): number {
  let low = 0
  let high = increasing.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (increasing[middle] > value) high = middle
    else low = middle + 1
  }
  return low
}
