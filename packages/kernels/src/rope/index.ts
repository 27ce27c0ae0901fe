import { defineFusedOp, multipleOf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { ropeReference } from './reference'
import { noRamp, rampOf, type RopeScaling } from './scaling'

const op = defineFusedOp({
  name: 'Rope',
  inputs: ['x', 'position'],
  integers: ['position'],
  differentiable: ['x'],
  outputs: ['y'],
  attributes: { theta: 500_000, period: 0, ...noRamp },
  outputShapes: ({ x }: Shapes) => ({ y: x }),
  inputShapes: ({ x: [batch, length, heads, width] }: Shapes) => ({
    x: [batch, length, heads, multipleOf(width, 2)],
    position: [batch],
  }),
  wholeNumbers: { period: 0 },
  reference: ropeReference,
})

/**
 * Rotary position embedding on interleaved pairs (x₂ᵢ, x₂ᵢ₊₁): token t of sequence b turns pair i by
 * (position[b] + t) · theta^(−2i/d); with a period, places start again from 0 after so many. Angles are as exact at
 * position 10⁹ as at 10: only their cosines and sines are rounded to float32.
 *
 * @param x [B, T, H, d]
 * @param options where the tokens stand and how fast their pairs turn
 * @param options.position int32 [B], from 0 on: the tokens before the first one of each sequence
 * @param options.period 0 or left out for none
 * @param options.scaling how a pretrained model's frequencies are changed for longer contexts; null or left out for not at all
 */
export function rope(
  x: Tensor,
  {
    position,
    scaling,
    ...options
  }: { theta: number; position: Tensor; period?: number; scaling?: RopeScaling | null },
): Tensor {
  const ramp = scaling ? rampOf(scaling, { theta: options.theta, width: x.shape[3]! }) : {}
  return op({ x, position }, { ...options, ...ramp }).y
}
export { op as ropeOp }
export type { RopeScaling } from './scaling'
