import { defineFusedOp, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { adamwDefaults, adamwReference, type AdamwAttributes } from './reference'

export { type AdamwAttributes }

export const adamwOp = defineFusedOp({
  name: 'Adamw',
  inputs: ['p', 'g', 'm', 'v', 'factor'],
  differentiable: [],
  outputs: ['new_p', 'new_m', 'new_v'],
  attributes: adamwDefaults,
  outputShapes: ({ p, m, v }: Shapes) => ({ new_p: p, new_m: m, new_v: v }),
  inputShapes: ({ p }: Shapes) => ({ p, g: p, m: p, v: p, factor: [] }),
  wholeNumbers: { step: 1 },
  reference: adamwReference,
})

/**
 * AdamW with decoupled weight decay on one parameter: p − learningRate · (m̂ / (√v̂ + epsilon) + weightDecay · p), moments
 * bias-corrected by `step`, which counts from 1.
 *
 * @param parameter of any shape, which the gradient and the moments have, too
 * @param factor [] that the gradient is multiplied with before the moments, see `gradientClip`
 * @returns new tensors; the inputs stay as they are
 */
export function adamw(
  parameter: Tensor,
  gradient: Tensor,
  firstMoment: Tensor,
  secondMoment: Tensor,
  factor: Tensor,
  options: Partial<AdamwAttributes>,
): { parameter: Tensor; firstMoment: Tensor; secondMoment: Tensor } {
  const inputs = { p: parameter, g: gradient, m: firstMoment, v: secondMoment, factor }
  const outputs = adamwOp(inputs, options)
  return { parameter: outputs.new_p, firstMoment: outputs.new_m, secondMoment: outputs.new_v }
}
