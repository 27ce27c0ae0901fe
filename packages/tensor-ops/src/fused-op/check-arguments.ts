import type { Tensor } from '../tf'
import { UserError } from '../user-error'
import { valuesAtHand } from './values-at-hand'
import type { Attributes, FusedOpDefinition, Shapes, Tensors } from './definition'

/** Throws where the definition doesn't allow these arguments: kernels rely on what it says. */
export function checkArguments<A extends Attributes>(
  { name: op, inputs: names, inputShapes, integers, wholeNumbers, largest }: FusedOpDefinition<A>,
  inputs: Tensors,
  attributes: A,
): void {
  const shapes: Shapes = {}
  for (const name of names) {
    const input = inputs[name] as Tensor | undefined
    if (input === undefined) throw new Error(`${op}: the input ${name} is missing`)
    const dtype = integers?.includes(name) ? 'int32' : 'float32'
    if (input.dtype !== dtype)
      throw new Error(`${op}: the input ${name} is of type ${input.dtype}, it must be ${dtype}`)
    shapes[name] = input.shape
  }
  for (const name in attributes) {
    const value = attributes[name]
    const least = wholeNumbers?.[name]
    const allowed = least === undefined ? !Number.isNaN(value) : Number.isSafeInteger(value) && value >= least
    if (typeof value !== 'number' || !allowed)
      throw new Error(
        `${op}: the attribute ${name} is ${value}, it must be ` +
          (least === undefined ? 'a number' : `a whole number from ${least} on`),
      )
  }
  for (const name in largest) checkSize(op, name, inputs[name], largest[name])
  const wanted = inputShapes?.(shapes, attributes)
  if (wanted === undefined) return
  for (const name of names) {
    const [shape, want] = [shapes[name], wanted[name]]
    if (shape.length === want.length && shape.every((size, d) => size === want[d])) continue
    const text = want.map((size) => size ?? '?').join(', ')
    throw new Error(
      `${op}: the input ${name} has the shape [${shape.join(', ')}], beside the others it must be [${text}]`,
    )
  }
}

/** NaN is no size: it comes out again. */
function checkSize(op: string, name: string, input: Tensor, most: number): void {
  const wrong = valuesAtHand(input)?.find((value) => Math.abs(value) > most)
  if (wrong === undefined) return
  throw new UserError(
    `${op}: the input ${name} has the value ${wrong}; it must be a number from -${most} to ${most}: ` +
      'float32 has no room for what larger ones make',
  )
}
