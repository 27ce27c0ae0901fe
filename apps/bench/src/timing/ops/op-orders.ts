import { shapesOf, type FusedOp, type Tensors } from '@ttt-e2e/tensor-ops'
import { makeInputs, randomLike, type OpCase } from '@ttt-e2e/tensor-ops/op-check'

export const orderNames = ['forward', 'gradient', "gradient's gradient"] as const

/** An op, its gradient or its gradient's gradient, with inputs to run it on. */
export interface OpOrder {
  op: FusedOp
  order: number
  /** The caller owns them; the orders of one op share some. */
  inputs: Tensors
}

/** Makes the inputs of an op and of its gradients to the second order, as far as they exist. */
export function opOrders(op: FusedOp, example: OpCase): OpOrder[] {
  const known: Tensors = makeInputs(op, example)
  const outputs = op(known, example.attributes)
  const orders: OpOrder[] = [{ op, order: 0, inputs: pick(op, known) }]
  if (op.differentiable.length === 0) return orders
  // What a forward pass has made may be an input of the gradient. A norm is a report: it has no cotangent.
  Object.assign(known, outputs)
  const cotangents = op.outputs.filter((name) => name !== 'norm')
  Object.assign(known, cotangentsOf(cotangents, outputs))
  const gradient = op.gradient(op.differentiable, cotangents)
  orders.push({ op: gradient, order: 1, inputs: pick(gradient, known) })
  const gradients = Object.fromEntries(op.differentiable.map((name) => [`grad_${name}`, known[name]]))
  Object.assign(known, cotangentsOf(gradient.outputs, gradients))
  const second = gradient.gradient()
  orders.push({ op: second, order: 2, inputs: pick(second, known) })
  return orders
}

function cotangentsOf(names: readonly string[], like: Tensors): Tensors {
  const random = randomLike(Object.fromEntries(names.map((name) => [name, like[name]])), 7)
  return Object.fromEntries(names.map((name) => [`d_${name}`, random[name]]))
}

const pick = (op: FusedOp, tensors: Tensors): Tensors =>
  Object.fromEntries(op.inputs.map((name) => [name, tensors[name]]))

/** Bytes that an op reads and writes, each value once. */
export function bytesMoved({ op, inputs }: OpOrder, example: OpCase): number {
  const shapes = shapesOf(inputs)
  const values = [shapes, op.outputShapes(shapes, example.attributes)]
    .flatMap((each) => Object.values(each))
    .reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0)
  return 4 * values
}
