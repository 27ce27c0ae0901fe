import { defineFusedOp, type FusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { clippedSgdReference } from './reference'

const ops = new Map<number, FusedOp<{ maxNorm: number }>>()

/** The op over `count` weight tensors: inputs w0 …, g0 … and rate [], outputs u0 … (updated) and norm. */
export function clippedSgdOp(count: number) {
  let op = ops.get(count)
  if (!op) {
    const indexes = Array.from({ length: count }, (_, i) => i)
    const weights = indexes.map((i) => `w${i}`)
    const gradients = indexes.map((i) => `g${i}`)
    op = defineFusedOp({
      name: `ClippedSgd${count}`,
      kernel: 'ClippedSgd',
      inputs: [...weights, ...gradients, 'rate'],
      differentiable: [...weights, ...gradients],
      outputs: [...indexes.map((i) => `u${i}`), 'norm'],
      attributes: { maxNorm: 1 },
      outputShapes: (shapes: Shapes) => ({
        ...Object.fromEntries(indexes.map((i) => [`u${i}`, shapes[`w${i}`]])),
        norm: [shapes.w0[0]],
      }),
      inputShapes: (shapes: Shapes) => {
        const [batch] = shapes.w0
        const wanted: Shapes = { rate: [] }
        for (const i of indexes) wanted[`w${i}`] = wanted[`g${i}`] = [batch, ...shapes[`w${i}`].slice(1)]
        return wanted
      },
      simpleGradients: (cotangents) => Object.fromEntries(indexes.map((i) => [`w${i}`, cotangents[`u${i}`]])),
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
 * @param options how far to go
 * @param options.rate a scalar; a tensor, so that a recorded step can be replayed with another. Not differentiated
 * @returns the updated weights and the norms before the clip [B], a report that is not to be differentiated: its slope at 0 is infinite
 */
export function clippedSgd(
  weights: Tensor[],
  gradients: Tensor[],
  { rate, maxNorm }: { rate: Tensor; maxNorm: number },
): { updated: Tensor[]; norm: Tensor } {
  const inputs = Object.fromEntries([
    ...weights.map((weight, i) => [`w${i}`, weight]),
    ...gradients.map((gradient, i) => [`g${i}`, gradient]),
    ['rate', rate],
  ])
  const outputs = clippedSgdOp(weights.length)(inputs, { maxNorm })
  return { updated: weights.map((_, i) => outputs[`u${i}`]), norm: outputs.norm }
}
