/** How many values a shape has. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (let d = 0; d < shape.length; d++) size *= shape[d]
  return size
}
