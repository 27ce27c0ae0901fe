import { defineFusedOp, multipleOf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { ssdScanReference } from './reference'

const op = defineFusedOp({
  name: 'SsdScan',
  inputs: ['x', 'dt', 'A', 'B', 'C', 'D', 'state'],
  outputs: ['y', 'lastState'],
  attributes: { chunk: 64 },
  outputShapes: ({ x, state }: Shapes) => ({ y: x, lastState: state }),
  inputShapes: ({ x: [batch, length, heads, width], B: [, , groups, depth] }: Shapes) => ({
    x: [batch, length, multipleOf(heads, groups), width],
    dt: [batch, length, heads],
    A: [heads],
    B: [batch, length, groups, depth],
    C: [batch, length, groups, depth],
    D: [heads],
    state: [batch, heads, width, depth],
  }),
  wholeNumbers: { chunk: 1 },
  reference: ssdScanReference,
})

/**
 * The state space of Mamba 2 (SSD), for each head: S ← exp(A dt) S + dt x Bᵀ; y = S C + D x.
 *
 * @param inputs.x [B, T, H, P]
 * @param inputs.dt [B, T, H] steps, at least 0: after softplus and limits
 * @param inputs.A [H] below 0
 * @param inputs.B [B, T, G, N]
 * @param inputs.C [B, T, G, N]; of both, each group shared by H/G consecutive heads
 * @param inputs.D [H]
 * @param inputs.state [B, H, P, N] before the first token
 * @param options.chunk tokens that are computed as matrices at once; the result doesn't depend on it
 * @returns y [B, T, H, P] and the state after these tokens
 */
export function ssdScan(
  inputs: { x: Tensor; dt: Tensor; A: Tensor; B: Tensor; C: Tensor; D: Tensor; state: Tensor },
  options: { chunk?: number } = {},
): { y: Tensor; lastState: Tensor } {
  const { y, lastState } = op(inputs, options)
  return { y, lastState }
}
export { op as ssdScanOp }
