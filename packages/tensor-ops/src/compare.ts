import type { Tensor } from './tf'

/** ‖a − b‖ / ‖b‖; the plain norm of a where b is all zeros; infinite where shapes or finiteness differ. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let difference = 0
  let norm = 0
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2
    norm += b[i] ** 2
  }
  const error = norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm)
  return Number.isNaN(error) ? Infinity : error
}

export function relativeErrorOf(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Infinity
  return relativeError(a.dataSync(), b.dataSync())
}
