import { defineFusedOp, multipleOf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { mamba3RotationReference } from './reference'

const op = defineFusedOp({
  name: 'MambaThreeRotation',
  inputs: ['B', 'C', 'dt', 'theta', 'bBias', 'cBias', 'angle'],
  outputs: ['q', 'k', 'lastAngle'],
  attributes: { halves: 0 },
  outputShapes: ({ B: [batch, length, ranks, , width], dt: [, , heads], angle }: Shapes) => ({
    q: [batch, length, ranks, heads, width],
    k: [batch, length, ranks, heads, width],
    lastAngle: angle,
  }),
  inputShapes: ({ B: [batch, length, ranks, groups, width], dt: [, , heads], theta }: Shapes) => ({
    B: [batch, length, ranks, groups, multipleOf(width, 2)],
    C: [batch, length, ranks, groups, width],
    dt: [batch, length, multipleOf(heads, groups)],
    theta: [batch, length, theta[2] > width / 2 ? `at most ${width / 2}` : theta[2]],
    bBias: [heads, ranks, width],
    cBias: [heads, ranks, width],
    angle: [batch, heads, theta[2]],
  }),
  wholeNumbers: { halves: 0 },
  reference: mamba3RotationReference,
})

/**
 * Mamba 3's keys and queries (Mamba-3, arXiv 2603.15569): B and C plus the head's bias, pairs of channels turned by angles that
 * grow with the steps, angle ← angle + dt π tanh θ, a rate for each pair that all heads share.
 *
 * @param inputs.B and C [B, T, R, G, N], each group for H/G consecutive heads
 * @param inputs.dt [B, T, H] steps
 * @param inputs.theta [B, T, S] of the S ≤ N/2 pairs that turn
 * @param inputs.bBias and cBias [H, R, N]
 * @param inputs.angle [B, H, S] before the first token
 * @param options.halves whether pairs are channels (i, i + N/2), as MIMO has them, not (2i, 2i + 1)
 * @returns q and k [B, T, R, H, N], and the angles after these tokens within ±π
 */
export function mamba3Rotation(
  inputs: {
    B: Tensor
    C: Tensor
    dt: Tensor
    theta: Tensor
    bBias: Tensor
    cBias: Tensor
    angle: Tensor
  },
  options: { halves: boolean },
): { q: Tensor; k: Tensor; lastAngle: Tensor } {
  const { q, k, lastAngle } = op(inputs, { halves: Number(options.halves) })
  return { q, k, lastAngle }
}
export { op as mamba3RotationOp }
