import { defineFusedOp, type FusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { clippedSgdReference } from './reference'

const ops = new Map<number, FusedOp<{ rate: number; maxNorm: number }>>()

/** The op over `count` weight tensors: inputs w0 … and g0 …, outputs u0 … (updated) and norm. */
export function clippedSgdOp(count: number) {
  let op = ops.get(count)
  if (!op) {
    const indexes = Array.from({ length: count }, (_, i) => i)
    op = defineFusedOp({
      name: `ClippedSgd${count}`,
      kernel: 'ClippedSgd',
      inputs: [...indexes.map((i) => `w${i}`), ...indexes.map((i) => `g${i}`)],
      outputs: [...indexes.map((i) => `u${i}`), 'norm'],
      attributes: { rate: 1, maxNorm: 1 },
      outputShapes: (shapes: Shapes) => ({
        ...Object.fromEntries(indexes.map((i) => [`u${i}`, shapes[`w${i}`]])),
        norm: [shapes.w0[0]],
      }),
      reference: (inputs, attributes) => clippedSgdReference(inputs, attributes, count),
    })
    ops.set(count, op)
  }
  return op
}

/**
 * One step of gradient descent with a clip by norm, for each sequence on its own: w − rate · g · min(1, maxNorm/‖g‖),
 * the norm over all of one sequence's tensors together (TTT-E2E's inner step).
 *
 * @param weights each [B, ...]
 * @param gradients of the same shapes
 * @returns the updated weights and the norms before the clip [B], a report that is not to be differentiated: its slope at 0 is infinite
 */
export function clippedSgd(
  weights: Tensor[],
  gradients: Tensor[],
  options: { rate: number; maxNorm: number },
): { updated: Tensor[]; norm: Tensor } {
  const inputs = Object.fromEntries([
    ...weights.map((weight, i) => [`w${i}`, weight]),
    ...gradients.map((gradient, i) => [`g${i}`, gradient]),
  ])
  const outputs = clippedSgdOp(weights.length)(inputs, options)
  return { updated: weights.map((_, i) => outputs[`u${i}`]), norm: outputs.norm }
}
