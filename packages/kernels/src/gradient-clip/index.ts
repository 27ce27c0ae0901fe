import { defineFusedOp, type FusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { gradientClipReference } from './reference'

const ops = new Map<number, FusedOp<{ maxNorm: number }>>()

/** The op over `count` gradients: inputs g0 …, outputs norm and factor. */
export function gradientClipOp(count: number) {
  let op = ops.get(count)
  if (!op) {
    const inputs = Array.from({ length: count }, (_, i) => `g${i}`)
    op = defineFusedOp({
      name: `GradientClip${count}`,
      kernel: 'GradientClip',
      inputs,
      differentiable: [],
      outputs: ['norm', 'factor'],
      attributes: { maxNorm: 1 },
      outputShapes: () => ({ norm: [], factor: [] }),
      inputShapes: (shapes: Shapes) => Object.fromEntries(inputs.map((name) => [name, shapes[name]])),
      reference: gradientClipReference,
    })
    ops.set(count, op)
  }
  return op
}

/**
 * The clip of gradients by their global norm, for an update to multiply them with.
 *
 * @param gradients of any shapes
 * @returns the norm of all of them together [] and min(1, maxNorm / norm) []; where the norm isn't finite, neither is a use
 *   of the factor
 */
export function gradientClip(
  gradients: readonly Tensor[],
  maxNorm: number,
): { norm: Tensor; factor: Tensor } {
  const inputs = Object.fromEntries(gradients.map((gradient, i) => [`g${i}`, gradient]))
  const { norm, factor } = gradientClipOp(gradients.length)(inputs, { maxNorm })
  return { norm, factor }
}
