import { onFusedOp, type FusedOp, type Shapes } from '@ttt-e2e/tensor-ops'
import type { KernelSet, CompiledKernel } from './kernel-set'

/** Offers the module's kernel of a family to every op of it, gradient variants made later too. */
export function registerFusedKernels(kernels: KernelSet): void {
  onFusedOp((op) => {
    if (kernels.has(op.family.name)) kernels.register(op.name, kernelOf(op, kernels.index(op.family.name)))
  })
}

/** A variant passes what it has; what its family has besides stays absent. */
function kernelOf(op: FusedOp, index: number): CompiledKernel {
  const { family } = op
  const inputNames = family.inputs.map((name) => (op.inputs.includes(name) ? name : undefined))
  const wanted = family.outputs.map((name) => (op.outputs.includes(name) ? name : undefined))
  const given = wanted.filter((name) => name !== undefined)
  const order = op.outputs.map((name) => given.indexOf(name))
  const inOrder = order.every((position, i) => position === i)
  // A gradient has the shape of the input that it belongs to.
  const shapeOf = wanted.map((name) => name?.replace(/^grad\d*_/, ''))

  return ({ inputs, attributes, backend }) => {
    const attributeValues = family.attributes.map((name) => attributes[name] as number)
    let shapes: (number[] | undefined)[]
    if (op.order > 0) {
      shapes = shapeOf.map((name) => (name === undefined ? undefined : inputs[name].shape))
    } else {
      const inputShapes: Shapes = {}
      for (const name of op.inputs) inputShapes[name] = inputs[name].shape
      const outputShapes = op.outputShapes(inputShapes, attributes as Record<string, number>)
      shapes = wanted.map((name) => (name === undefined ? undefined : outputShapes[name]))
    }
    const tensors = inputNames.map((name) => (name === undefined ? undefined : inputs[name]))
    const results = backend.call(index, tensors, shapes, attributeValues)
    return inOrder ? results : order.map((position) => results[position])
  }
}
