import { tf } from '../tf'
import type { Attributes, FusedOp, KernelFamily, Shapes } from './definition'
import { onFusedOp } from './registry'

/** What a kernel gets. A variant of a gradient passes what it has; what its family has besides is undefined. */
export interface FusedKernelCall<Backend = unknown> {
  /** In the family's order. */
  inputs: readonly (tf.TensorInfo | undefined)[]
  /** Of the outputs that are wanted, in the family's order. */
  outputShapes: readonly (number[] | undefined)[]
  /** In the family's order. */
  attributes: readonly number[]
  /** The engine's tfjs backend. */
  backend: Backend
}

/** An engine's own implementation of a family of ops. */
export interface FusedKernel<Backend = unknown> {
  /** @returns the outputs that are wanted, float32, in the family's order */
  run(call: FusedKernelCall<Backend>): tf.TensorInfo[]
  /** Whether it takes inputs of these shapes; a string is the reason why not, and the op's reference runs instead. */
  supports?(inputs: Shapes, attributes: Attributes): true | string
}

/** By the engines' names, then by those of the ops. */
const kernels = new Map<string, Map<string, FusedKernel>>()

/**
 * Offers an engine's kernels to every fused op and variant of a gradient, those made later too.
 *
 * @param engine the name of its tfjs backend
 * @param kernelOf the kernel for a family (an op's name, `…Grad` for its gradient, `…GradGrad` for that one's, …);
 *   undefined where there is none
 */
export function registerFusedKernels<Backend = unknown>(
  engine: string,
  kernelOf: (family: KernelFamily) => FusedKernel<Backend> | undefined,
): void {
  let known = kernels.get(engine)
  if (!known) kernels.set(engine, (known = new Map<string, FusedKernel>()))
  const ofEngine = known
  onFusedOp((op) => {
    const kernel = kernelOf(op.family)
    if (!kernel) return
    ofEngine.set(op.name, kernel as FusedKernel)
    if (tf.getKernel(op.name, engine)) tf.unregisterKernel(op.name, engine)
    tf.registerKernel({
      kernelName: op.name,
      backendName: engine,
      kernelFunc: variantOf(op, kernel as FusedKernel) as tf.KernelFunc,
    })
  })
}

/** An engine's kernel for an op or a variant of a gradient. */
export const fusedKernel = (engine: string, opName: string): FusedKernel | undefined =>
  kernels.get(engine)?.get(opName)

interface Given {
  inputs: Record<string, tf.TensorInfo>
  attrs: Attributes
  backend: unknown
}

/** The family's kernel as tfjs calls it for one of its ops. */
function variantOf(op: FusedOp, kernel: FusedKernel): (given: Given) => tf.TensorInfo[] {
  const { family } = op
  const wanted = family.outputs.map((name) => (op.outputs.includes(name) ? name : undefined))
  const given = wanted.filter((name) => name !== undefined)
  const order = op.outputs.map((name) => given.indexOf(name))
  const inOrder = order.every((position, i) => position === i)
  // A gradient has the shape of the input that it belongs to.
  const shapeOf = wanted.map((name) => name?.replace(/^grad\d*_/, ''))

  return ({ inputs, attrs, backend }) => {
    let outputShapes: (number[] | undefined)[]
    if (op.order > 0) {
      outputShapes = shapeOf.map((name) => (name === undefined ? undefined : inputs[name].shape))
    } else {
      const inputShapes: Shapes = {}
      for (const name of op.inputs) inputShapes[name] = inputs[name].shape
      const shapes = op.outputShapes(inputShapes, attrs)
      outputShapes = wanted.map((name) => (name === undefined ? undefined : shapes[name]))
    }
    const results = kernel.run({
      inputs: family.inputs.map((name): tf.TensorInfo | undefined => inputs[name]),
      outputShapes,
      attributes: family.attributes.map((name) => attrs[name]),
      backend,
    })
    return inOrder ? results : order.map((position) => results[position])
  }
}
