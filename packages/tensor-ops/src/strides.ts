/** How far the next value along each axis of a tensor is, row by row. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1)
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1] * shape[d + 1]
  return strides
}

/** Strides of a tensor that is broadcast to a shape: 0 where it has one value for all. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from)
  const missing = to.length - from.length
  return to.map((_, d) => (d < missing || from[d - missing] === 1 ? 0 : own[d - missing]))
}
