import { defineFusedOp, tf, type Shapes, type Tensor } from '@ttt-e2e/tensor-ops'
import { highestTokenRate } from '../highest-rate'
import { titansMemoryReference, type TitansMemoryAttributes } from './reference'

const states = ['w0', 'w1', 'w2', 's0', 's1', 's2', 'g0', 'g1', 'g2', 'momentumSum', 'decaySum'] as const
const attributes: TitansMemoryAttributes = { chunk: 1, gradientsAtStart: 0, epsilon: 1e-5 }
const inputs = ['q', 'k', 'v', 'rate', 'momentum', 'decay', ...states]

const op = defineFusedOp({
  name: 'TitansMemory',
  inputs: [...inputs, 'position'],
  integers: ['position'],
  largest: { rate: highestTokenRate },
  differentiable: inputs,
  outputs: ['y', ...states],
  // Each starts as a copy of what it goes on from, which isn't looked at again.
  overwrites: Object.fromEntries(states.map((name) => [name, name])),
  attributes,
  outputShapes: (shapes: Shapes) => ({
    y: shapes.q,
    ...Object.fromEntries(states.map((name) => [name, shapes[name]])),
  }),
  inputShapes: ({ q: [heads, length, width], w1: [, , hidden] }: Shapes) => {
    const [tokens, scalars, sum] = [
      [heads, length, width],
      [heads, length, 1],
      [heads, 1, 1],
    ]
    const [zero, one, two] = [
      [heads, 1, width],
      [heads, width, hidden],
      [heads, hidden, width],
    ]
    return {
      q: tokens,
      k: tokens,
      v: tokens,
      rate: scalars,
      momentum: scalars,
      decay: scalars,
      w0: zero,
      w1: one,
      w2: two,
      s0: zero,
      s1: one,
      s2: two,
      g0: zero,
      g1: one,
      g2: two,
      momentumSum: sum,
      decaySum: sum,
      position: [heads],
    }
  },
  wholeNumbers: { chunk: 1, gradientsAtStart: 0 },
  reference: titansMemoryReference,
})

/**
 * Memories of N heads between two tokens. Weights: w0 [N, 1, d], w1 [N, d, h], w2 [N, h, d]; s0 … s2 the surprises, their
 * momentum; of the open chunk g0 … g2, the sums of weighted gradients, and momentumSum, decaySum [N, 1, 1].
 */
export type TitansMemoryState = Record<(typeof states)[number], Tensor>

export interface TitansMemoryInputs {
  /** [N, T, d] each. */
  q: Tensor
  k: Tensor
  v: Tensor
  /** θ, each token's learning rate [N, T, 1], of a size of at most `highestTokenRate`. */
  rate: Tensor
  /** Logits of η and α [N, T, 1]: a chunk's η and α are the sigmoids of their means over the chunk. */
  momentum: Tensor
  decay: Tensor
}

export interface TitansMemoryOptions {
  /** Tokens per update. */
  chunk: number
  /**
   * Where gradients are taken. `chunk`: at the weights of their chunk's start, the paper's chunkwise rule; reading in pieces
   * equals reading at once. `start`: at the weights that this call begins with, as in titans-pytorch, whose batches are
   * the calls.
   */
  gradientsAt: 'start' | 'chunk'
  /** Tokens that each head has read before these, int32 [N]. */
  position: Tensor
  /** Of the layer norm, 1e-5 where left out. */
  epsilon?: number
}

/**
 * The neural long-term memory of Titans (Behrouz et al. 2024, section 3), a network
 * f(z) = z + layerNorm(gelu(z w1) w2) ⊙ (w0 + 1) with the exact GELU and a layer norm without bias, whose weights
 * w_i learn to recall values by keys. After each chunk, with its η and α:
 * s_i ← η s_i − Σ_t θ_t ∂ mean((f(k_t) − v_t)²)/∂w_i, w_i ← (1 − α) w_i + s_i. A token reads y_t = f(q_t) with the weights
 * that the completed chunks have left; the chunk that it completes counts. All gradients of a chunk are taken at one set of
 * weights; therefore reading may stop and go on inside of a chunk.
 */
export function titansMemory(
  inputs: TitansMemoryInputs,
  state: TitansMemoryState,
  { chunk, gradientsAt, position, epsilon = 1e-5 }: TitansMemoryOptions,
): { y: Tensor; state: TitansMemoryState } {
  const { y, ...after } = op(
    { ...inputs, ...state, position },
    { chunk, gradientsAtStart: Number(gradientsAt === 'start'), epsilon },
  )
  return { y, state: after as TitansMemoryState }
}

/** The state before the first token. @param w0 [N, 1, d] @param w1 [N, d, h] @param w2 [N, h, d] */
export function titansMemoryStart(w0: Tensor, w1: Tensor, w2: Tensor): TitansMemoryState {
  const [s0, s1, s2, g0, g1, g2] = [w0, w1, w2, w0, w1, w2].map((w) => tf.zeros(w.shape))
  const [momentumSum, decaySum] = [0, 0].map(() => tf.zeros([w0.shape[0], 1, 1]))
  return { w0, w1, w2, s0, s1, s2, g0, g1, g2, momentumSum, decaySum }
}
export { op as titansMemoryOp }
