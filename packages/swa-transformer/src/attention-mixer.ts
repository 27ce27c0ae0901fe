import { linear, rmsNorm } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { biased, normalWeight } from './init'
import type { MixerKind, SequenceMixer } from './mixer'
import {
  cachedAttention,
  cacheSlots,
  reserveCache,
  seenTokens,
  startCache,
  type AttentionCache,
} from './cached-attention'
import type { KeepFirst } from './first-tokens'
import { headWidthOf } from './head-width'
import { SizeError } from './size-error'

export type AttentionParams = {
  /** Projections [D, H·d], [D, G·d] twice and [H·d, D], used as x · w. */
  wq: Tensor
  wk: Tensor
  wv: Tensor
  wo: Tensor
  /** RMSNorm scales of each head's query and key [d], shared by the heads; absent without QK norm. */
  qNorm?: Tensor
  kNorm?: Tensor
  /** A score of each head that no key has [H], see `attention`; absent without sinks. */
  sinks?: Tensor
  /** Biases of the projections [H·d], [G·d] twice and [D]; absent without them. */
  bq?: Tensor
  bk?: Tensor
  bv?: Tensor
  bo?: Tensor
}

export interface AttentionOptions {
  /** Whether each head's queries and keys are normalised before RoPE; true where left out. */
  qkNorm?: boolean
  /** Heads G of keys and values, each shared by consecutive query heads; as many as query heads where left out. */
  keyHeads?: number
  /** Width d of a head; the hidden size shared among the heads where left out. */
  headWidth?: number
  /** Whether each head has a learned score that joins its softmax without a key; false where left out. */
  sinks?: boolean
  /** Whether RoPE turns queries and keys; true where left out. Without, order is for other layers to tell. */
  rope?: boolean
  /** Which projections add a bias: those of queries, keys and values, or the output's too; none where left out. */
  biases?: 'inputs' | 'all'
  /** How many of a text's first tokens every token sees beside its window, see `KeepFirst`; 0 where left out. */
  keepFirst?: number
  /** How far away those are, see `KeepFirst`; as in the cache where left out. */
  keptPositions?: KeepFirst['positions']
}

/**
 * Multi-head causal attention in which a token sees itself and the window − 1 before it (window 0: all before it),
 * with RMSNorm on each head's queries and keys before RoPE. The state is the cache of `cachedAttention`, its keys
 * normalised. Beside its window a token may see the text's first tokens, as many as are asked for.
 *
 * @throws SizeError for heads that can't be shared, or first tokens to keep where no window drops them
 */
export const attentionMixer =
  (window: number, options: AttentionOptions = {}): MixerKind =>
  ({ hiddenSize, heads, ropeTheta, ropeScaling, normEpsilon }) => {
    const { qkNorm = true, keyHeads = heads, sinks = false, rope = true, biases, keepFirst = 0 } = options
    const width = options.headWidth ?? headWidthOf({ hiddenSize, heads })
    if (heads % keyHeads !== 0)
      throw new SizeError(`${keyHeads} heads of keys can't be shared evenly by ${heads} heads of queries`)
    if (window === 0 && keepFirst > 0)
      throw new SizeError(
        `keepFirst is ${keepFirst}, but attention without a window keeps every token; give a window, or 0`,
      )
    const keep = keepFirst > 0 && { count: keepFirst, positions: options.keptPositions ?? 'cache' }
    const weights = 2 * hiddenSize * (heads + keyHeads) * width
    const biasCount = biases ? (heads + 2 * keyHeads) * width + (biases === 'all' ? hiddenSize : 0) : 0
    const mixer: SequenceMixer<AttentionParams> = {
      name:
        window === 0
          ? 'full attention'
          : `attention in a window of ${window}${keep ? ` and the first ${keepFirst}` : ''}`,
      init: (random) => ({
        wq: normalWeight(random, [hiddenSize, heads * width]),
        wk: normalWeight(random, [hiddenSize, keyHeads * width]),
        wv: normalWeight(random, [hiddenSize, keyHeads * width]),
        wo: normalWeight(random, [heads * width, hiddenSize]),
        ...(qkNorm && { qNorm: tf.ones([width]), kNorm: tf.ones([width]) }),
        ...(sinks && { sinks: normalWeight(random, [heads]) }),
        ...(biases && {
          bq: tf.zeros([heads * width]),
          bk: tf.zeros([keyHeads * width]),
          bv: tf.zeros([keyHeads * width]),
        }),
        ...(biases === 'all' && { bo: tf.zeros([hiddenSize]) }),
      }),
      start: (_, batch) => startCache(batch, keyHeads, width, keepFirst),
      reserve: (state, tokens) => reserveCache(state as AttentionCache, tokens, window),
      // Until its ring goes round. The first tokens are a part of attention by themselves, without a look at the position.
      lasts: (state, tokens) => !keep && state.k.shape[1]! >= tokens,
      read(params, x, state, { position }) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor, count: number) => tf.reshape(y, [batch, length, count, width])
        const normed = (y: Tensor, scale?: Tensor) => (scale ? rmsNorm(y, scale, normEpsilon) : y)
        const q = normed(byHead(biased(linear(x, params.wq), params.bq), heads), params.qNorm)
        const k = normed(byHead(biased(linear(x, params.wk), params.bk), keyHeads), params.kNorm)
        const v = byHead(biased(linear(x, params.wv), params.bv), keyHeads)
        const { y, cache } = cachedAttention(q, k, v, state as AttentionCache, {
          window,
          ropeTheta: rope ? ropeTheta : null,
          ropeScaling,
          position,
          sinks: params.sinks,
          ...(keep && { keep }),
        })
        return {
          y: biased(linear(tf.reshape(y, [batch, length, heads * width]), params.wo), params.bo),
          state: cache,
        }
      },
      ...(sinks && { undecayed: ['sinks'] }),
      parameterCount: weights + (qkNorm ? 2 * width : 0) + (sinks ? heads : 0) + biasCount,
      stateBytes: (position) => 2 * 4 * keyHeads * width * (cacheSlots(position, window) + keepFirst),
      flops: (position) => 2 * weights + 4 * heads * width * seenTokens(position, window, keepFirst),
    }
    return mixer
  }
