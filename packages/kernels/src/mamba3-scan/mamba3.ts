import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { mamba3Rotation } from '../mamba3-rotation'
import { mamba3ScanOp } from './op'

const { add, concat, expandDims, mul, neg, reshape, sigmoid, slice, squeeze, transpose, zeros } = tf

export interface Mamba3Inputs {
  /** [B, T, H, P] */
  x: Tensor
  /** After their norm [B, T, R, G, N], each group for H/G consecutive heads. */
  B: Tensor
  C: Tensor
  /** The decays' rates, below 0, the steps, and the logits of a step's share in its own end [B, T, H]. */
  a: Tensor
  dt: Tensor
  trap: Tensor
  /** How fast each pair of channels turns, before tanh [B, T, S]. */
  theta: Tensor
  /** [H, R, N] */
  bBias: Tensor
  cBias: Tensor
  /** [H] */
  D: Tensor
  /** What makes R values of x, [H, R, P]; without, R is 1 and the value is x (SISO). */
  valueScale?: Tensor
}

/** Between two tokens: the angles [B, H, S], the state [B, H, P, N], the last key as it was written [B, R, H, N] and x [B, H, P]. */
export type Mamba3State = { angle: Tensor; scan: Tensor; key: Tensor; x: Tensor }

/**
 * The recurrence of Mamba 3 (arXiv 2603.15569), for each head. With α = e^(a dt), λ = sigmoid(trap), keys and queries
 * turned by data-dependent angles (see `mamba3Rotation`) and v_r = valueScale_r ⊙ x:
 * h_t = α h_{t−1} + (1 − λ) dt α Σ v_{t−1} k_{t−1}ᵀ + λ dt Σ v_t k_tᵀ; y_r = h_t q_r + D v_r.
 *
 * @returns y [B, T, R, H, P] and the state after these tokens
 */
export function mamba3(
  { x, B, C, a, dt, trap, theta, bBias, cBias, D, valueScale }: Mamba3Inputs,
  state: Mamba3State,
  { halves }: { halves: boolean },
): { y: Tensor; state: Mamba3State } {
  const [, length, , width] = x.shape as number[]
  const { q, k, lastAngle } = mamba3Rotation(
    { B, C, dt, theta, bBias, cBias, angle: state.angle },
    { halves },
  )
  const values = (each: Tensor, axis: number) =>
    valueScale ? mul(expandDims(each, axis), transpose(valueScale, [1, 0, 2])) : expandDims(each, axis)
  // The token's share in its own step, and what of the step is left for the token before.
  const own = mul(dt, sigmoid(trap))
  const early = mul(dt, sigmoid(neg(trap)))
  const at = (token: number, count: number) => slice(early, [0, token, 0], [-1, count, -1])
  const none = zeros([x.shape[0], 1, x.shape[2]!])
  const next = length === 1 ? none : concat([at(1, length - 1), none], 1)
  const { y, lastState } = mamba3ScanOp({
    q,
    k,
    v: values(x, 2),
    g: mul(a, dt),
    write: add(own, next),
    own,
    D,
    state: state.scan,
    keyBefore: state.key,
    valueBefore: values(state.x, 1),
    writeBefore: squeeze(at(0, 1), [1]),
  })
  const lastKey = slice(k, [0, length - 1, 0, 0, 0], [-1, 1, -1, -1, -1])
  const lastX = slice(x, [0, length - 1, 0, 0], [-1, 1, -1, -1])
  return {
    y,
    state: {
      angle: lastAngle,
      scan: lastState,
      key: reshape(lastKey, state.key.shape),
      x: reshape(lastX, [x.shape[0], x.shape[2]!, width]),
    },
  }
}
