/** A block of values within an array: where its first one stands, and how far the next one along each axis is. */
export interface Strided<V> {
  values: V
  offset: number
  strides: readonly number[]
}

/** Copies a block of this shape: a part, turned, mirrored (a stride below 0) or spread (a stride of 0). */
export function copyStrided(
  shape: readonly number[],
  from: Strided<ArrayLike<number>>,
  to: Strided<{ [place: number]: number }>,
): void {
  if (shape.includes(0)) return
  const last = shape.length - 1
  if (last < 0) {
    to.values[to.offset] = from.values[from.offset]
    return
  }
  const length = shape[last]
  const [step, stepTo] = [from.strides[last], to.strides[last]]
  const place = shape.map(() => 0)
  let { offset } = from
  let { offset: offsetTo } = to
  for (;;) {
    copyRow(length, from.values, offset, step, to.values, offsetTo, stepTo)
    let axis = last - 1
    for (; axis >= 0; axis--) {
      offset += from.strides[axis]
      offsetTo += to.strides[axis]
      if (++place[axis] < shape[axis]) break
      offset -= from.strides[axis] * shape[axis]
      offsetTo -= to.strides[axis] * shape[axis]
      place[axis] = 0
    }
    if (axis < 0) return
  }
}

function copyRow(
  length: number,
  from: ArrayLike<number>,
  offset: number,
  step: number,
  to: { [place: number]: number },
  offsetTo: number,
  stepTo: number,
): void {
  for (let i = 0; i < length; i++, offset += step, offsetTo += stepTo) to[offsetTo] = from[offset]
}
