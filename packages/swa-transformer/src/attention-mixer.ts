import { attention, linear, rmsNorm, rope } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { normalWeight } from './init'
import type { MixerKind, SequenceMixer, SequenceState } from './mixer'

export type AttentionParams = {
  /** Projections [D, H·d], [D, G·d] twice and [H·d, D], used as x · w. */
  wq: Tensor
  wk: Tensor
  wv: Tensor
  wo: Tensor
  /** RMSNorm scales of each head's query and key [d], shared by the heads; absent without QK norm. */
  qNorm?: Tensor
  kNorm?: Tensor
}

export interface AttentionOptions {
  /** Whether each head's queries and keys are normalised before RoPE; true where left out. */
  qkNorm?: boolean
  /** Heads G of keys and values, each shared by consecutive query heads; as many as query heads where left out. */
  keyHeads?: number
  /** Width d of a head; the hidden size shared among the heads where left out. */
  headWidth?: number
}

/**
 * Multi-head causal attention in which a token sees itself and the window − 1 before it (window 0: all before it),
 * with RMSNorm on each head's queries and keys before RoPE. The state holds the last min(position, window) keys,
 * normalised and not rotated, and values: RoPE is relative, so angles are taken from places in the window and stay
 * exact at any position.
 */
export const attentionMixer =
  (window: number, options: AttentionOptions = {}): MixerKind =>
  ({ hiddenSize, heads, ropeTheta, normEpsilon }) => {
    const { qkNorm = true, keyHeads = heads, headWidth } = options
    if (headWidth === undefined && hiddenSize % (2 * heads) !== 0)
      throw new Error(`the hidden size ${hiddenSize} must be an even multiple of the ${heads} heads`)
    if (heads % keyHeads !== 0)
      throw new Error(`${keyHeads} heads of keys can't be shared evenly by ${heads} heads of queries`)
    const width = headWidth ?? hiddenSize / heads
    const weights = 2 * hiddenSize * (heads + keyHeads) * width
    const keysAt = (position: number) => (window === 0 ? position : Math.min(position, window))
    const mixer: SequenceMixer<AttentionParams> = {
      name: window === 0 ? 'full attention' : `attention in a window of ${window}`,
      init: (random) => ({
        wq: normalWeight(random, [hiddenSize, heads * width]),
        wk: normalWeight(random, [hiddenSize, keyHeads * width]),
        wv: normalWeight(random, [hiddenSize, keyHeads * width]),
        wo: normalWeight(random, [heads * width, hiddenSize]),
        ...(qkNorm && { qNorm: tf.ones([width]), kNorm: tf.ones([width]) }),
      }),
      start: () => ({ tensors: {}, meta: { position: 0 } }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor, count: number) => tf.reshape(y, [batch, length, count, width])
        const normed = (y: Tensor, scale?: Tensor) => (scale ? rmsNorm(y, scale, normEpsilon) : y)
        const q = normed(byHead(linear(x, params.wq), heads), params.qNorm)
        const k = withCached(state, 'k', normed(byHead(linear(x, params.wk), keyHeads), params.kNorm))
        const v = withCached(state, 'v', byHead(linear(x, params.wv), keyHeads))
        const offset = k.shape[1]! - length
        const y = attention(
          rope(q, { theta: ropeTheta, offset }),
          rope(k, { theta: ropeTheta, offset: 0 }),
          v,
          {
            window,
            offset,
          },
        )
        return {
          y: linear(tf.reshape(y, [batch, length, heads * width]), params.wo),
          state: {
            tensors: { k: lastTokens(k, window), v: lastTokens(v, window) },
            meta: { position: state.meta.position + length },
          },
        }
      },
      parameterCount: weights + (qkNorm ? 2 * width : 0),
      stateBytes: (position) => 2 * 4 * keyHeads * width * keysAt(position),
      flops: (position) => 2 * weights + 4 * heads * width * keysAt(position),
    }
    return mixer
  }

const withCached = (state: SequenceState, name: string, fresh: Tensor): Tensor =>
  state.tensors[name] ? tf.concat([state.tensors[name], fresh], 1) : fresh

function lastTokens(x: Tensor, window: number): Tensor {
  const surplus = window === 0 ? 0 : Math.max(0, x.shape[1]! - window)
  return surplus === 0 ? x : tf.slice(x, [0, surplus, 0, 0], [-1, -1, -1, -1])
}
