import { defineFusedOp, multipleOf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { ropeReference } from './reference'

const op = defineFusedOp({
  name: 'Rope',
  inputs: ['x'],
  outputs: ['y'],
  attributes: { theta: 500_000, offset: 0, period: 0 },
  outputShapes: ({ x }: Shapes) => ({ y: x }),
  inputShapes: ({ x: [batch, length, heads, width] }: Shapes) => ({
    x: [batch, length, heads, multipleOf(width, 2)],
  }),
  wholeNumbers: { offset: 0, period: 0 },
  reference: ropeReference,
})

/**
 * Rotary position embedding on interleaved pairs (x₂ᵢ, x₂ᵢ₊₁): token t of the sequence turns pair i by
 * (offset + t) · theta^(−2i/d); with a period, positions start again from 0 after so many.
 *
 * @param x [B, T, H, d]
 * @param options.offset position of the first token; small offsets keep float32 exact (RoPE is relative)
 * @param options.period 0 or left out for none
 */
export function rope(x: Tensor, options: { theta: number; offset: number; period?: number }): Tensor {
  return op({ x }, options).y
}
export { op as ropeOp }
