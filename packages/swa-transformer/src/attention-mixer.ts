import { attention, linear, rmsNorm, rope } from '@ttt-e2e/kernels/ops'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { normalWeight } from './init'
import type { MixerKind, SequenceMixer, SequenceState } from './mixer'

export type AttentionParams = {
  /** Projections [D, D], used as x · w. */
  wq: Tensor
  wk: Tensor
  wv: Tensor
  wo: Tensor
  /** RMSNorm scales of each head's query and key [d], shared by the heads. */
  qNorm: Tensor
  kNorm: Tensor
}

/**
 * Multi-head causal attention in which a token sees itself and the window − 1 before it (window 0: all before it),
 * with RMSNorm on each head's queries and keys before RoPE. The state holds the last min(position, window) keys,
 * normalised and not rotated, and values: RoPE is relative, so angles are taken from places in the window and stay
 * exact at any position.
 */
export const attentionMixer =
  (window: number): MixerKind =>
  ({ hiddenSize, heads, ropeTheta, normEpsilon }) => {
    const width = hiddenSize / heads
    const mixer: SequenceMixer<AttentionParams> = {
      name: window === 0 ? 'full attention' : `attention in a window of ${window}`,
      init: (random) => ({
        wq: normalWeight(random, [hiddenSize, hiddenSize]),
        wk: normalWeight(random, [hiddenSize, hiddenSize]),
        wv: normalWeight(random, [hiddenSize, hiddenSize]),
        wo: normalWeight(random, [hiddenSize, hiddenSize]),
        qNorm: tf.ones([width]),
        kNorm: tf.ones([width]),
      }),
      start: () => ({ tensors: {}, meta: { position: 0 } }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor) => tf.reshape(y, [batch, length, heads, width])
        const q = rmsNorm(byHead(linear(x, params.wq)), params.qNorm, normEpsilon)
        const k = withCached(state, 'k', rmsNorm(byHead(linear(x, params.wk)), params.kNorm, normEpsilon))
        const v = withCached(state, 'v', byHead(linear(x, params.wv)))
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
          y: linear(tf.reshape(y, [batch, length, hiddenSize]), params.wo),
          state: {
            tensors: { k: lastTokens(k, window), v: lastTokens(v, window) },
            meta: { position: state.meta.position + length },
          },
        }
      },
      stateBytes: (position) => 2 * 4 * hiddenSize * (window === 0 ? position : Math.min(position, window)),
    }
    return mixer as unknown as SequenceMixer
  }

const withCached = (state: SequenceState, name: string, fresh: Tensor): Tensor =>
  state.tensors[name] ? tf.concat([state.tensors[name], fresh], 1) : fresh

function lastTokens(x: Tensor, window: number): Tensor {
  const surplus = window === 0 ? 0 : Math.max(0, x.shape[1]! - window)
  return surplus === 0 ? x : tf.slice(x, [0, surplus, 0, 0], [-1, -1, -1, -1])
}
