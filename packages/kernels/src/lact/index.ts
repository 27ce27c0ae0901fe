import { defineFusedOp, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { highestTokenRate } from '../highest-rate'
import { lactReference, rescaled, rowNorms, updatesBefore, type LactAttributes } from './reference'

const states = ['w0', 'w1', 'w2', 'm0', 'm1', 'm2', 'g0', 'g1', 'g2', 'momentumSum'] as const
const norms = ['norm0', 'norm1', 'norm2'] as const
const attributes: LactAttributes = { chunk: 1, preNorm: 0 }
const inputs = ['q', 'k', 'v', 'lr', 'momentum', ...norms, ...states]

const op = defineFusedOp({
  name: 'Lact',
  inputs: [...inputs, 'position'],
  integers: ['position'],
  largest: { lr: highestTokenRate },
  differentiable: inputs,
  outputs: ['y', ...states],
  // Each starts as a copy of what it goes on from, which isn't looked at again.
  overwrites: Object.fromEntries(states.map((name) => [name, name])),
  attributes,
  outputShapes: (shapes: Shapes) => ({
    y: shapes.q,
    ...Object.fromEntries(states.map((name) => [name, shapes[name]])),
  }),
  inputShapes: ({ q: [heads, length, width], w0: [, hidden] }: Shapes) => {
    const [tokens, rows, columns] = [
      [heads, length, width],
      [heads, hidden, width],
      [heads, width, hidden],
    ]
    return {
      q: tokens,
      k: tokens,
      v: tokens,
      lr: [heads, length, 3],
      momentum: [heads, length, 1],
      norm0: [heads, hidden, 1],
      norm1: [heads, width, 1],
      norm2: [heads, hidden, 1],
      w0: rows,
      w1: columns,
      w2: rows,
      m0: rows,
      m1: columns,
      m2: rows,
      g0: rows,
      g1: columns,
      g2: rows,
      momentumSum: [heads, 1, 1],
      position: [heads],
    }
  },
  wholeNumbers: { chunk: 1, preNorm: 0 },
  reference: lactReference,
})

/**
 * Fast weights of N heads between two tokens. Weights: w0, w2 [N, h, d], w1 [N, d, h]; norm0 … norm2 [N, rows, 1], the
 * norms of the initial weights' rows; m0 … m2 the momenta; of the open chunk g0 … g2, the sums of weighted gradients,
 * and momentumSum [N, 1, 1].
 */
export type LactState = Record<(typeof states)[number] | (typeof norms)[number], Tensor>

export interface LactInputs {
  /** [N, T, d] each. */
  q: Tensor
  k: Tensor
  v: Tensor
  /** Learning rates of w0, w1 and w2 [N, T, 3], of a size of at most `highestTokenRate`. */
  lr: Tensor
  /** [N, T, 1], averaged over each chunk. */
  momentum: Tensor
}

export interface LactOptions {
  /** Tokens per update. */
  chunk: number
  /** Whether updates add up in weights of free norm, a rescaled copy of which is read and differentiated. */
  preNorm: boolean
  /** Tokens that each head has read before these, int32 [N]. */
  position: Tensor
}

/**
 * Large-chunk test-time training (Zhang et al. 2025, "Test-Time Training Done Right") of a SwiGLU network
 * f(z) = w1 (silu(w0 z) ⊙ w2 z). A chunk's tokens all read with the weights of its start, y_t = f(q_t), and when the next
 * chunk begins these weights w_i ascend Σ_t lr_i[t] ⟨f(k_t), v_t⟩: m_i ← gradient + (mean momentum) m_i, w_i ← w_i + m_i,
 * every row then rescaled to the norm it had initially, w · norm / (‖w‖ + 1e-5). So the last chunk of a text, also a full
 * one, is only read. All gradients of a chunk are taken at the weights of its start; therefore reading may stop and go on
 * inside of a chunk.
 */
export function lact(
  inputs: LactInputs,
  state: LactState,
  { chunk, preNorm, position }: LactOptions,
): { y: Tensor; state: LactState } {
  const { y, ...after } = op({ ...inputs, ...state, position }, { chunk, preNorm: Number(preNorm) })
  const { norm0, norm1, norm2 } = state
  return { y, state: { ...(after as LactState), norm0, norm1, norm2 } }
}

/** The state before the first token. @param w0 [N, h, d] @param w1 [N, d, h] @param w2 [N, h, d] */
export function lactStart(w0: Tensor, w1: Tensor, w2: Tensor): LactState {
  const [m0, m1, m2, g0, g1, g2] = [w0, w1, w2, w0, w1, w2].map((w) => tf.zeros(w.shape))
  const momentumSum = tf.zeros([w0.shape[0], 1, 1])
  const [norm0, norm1, norm2] = [w0, w1, w2].map(rowNorms)
  return { w0, w1, w2, m0, m1, m2, g0, g1, g2, momentumSum, norm0, norm1, norm2 }
}

/** The weights w0, w1, w2 that the last of `position` tokens was read with. */
export function lactWeights(
  state: LactState,
  { chunk, preNorm }: Pick<LactOptions, 'chunk' | 'preNorm'>,
  position: number,
): Tensor[] {
  const { w0, w1, w2, norm0, norm1, norm2 } = state
  if (!preNorm || updatesBefore(position, chunk) === 0) return [w0, w1, w2]
  return [rescaled(w0, norm0), rescaled(w1, norm1), rescaled(w2, norm2)]
}
export { op as lactOp }
