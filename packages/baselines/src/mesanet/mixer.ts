import { linear, mesa, rmsNorm, shortConv, swiglu } from '@ttt-e2e/kernels/ops'
import {
  headWidthOf,
  normalWeight,
  uniformWeight,
  type MixerKind,
  type SequenceMixer,
} from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** H heads of width K. */
export type MesanetParams = {
  /** [D, H K] each, used as x · w. */
  wq: Tensor
  wk: Tensor
  wv: Tensor
  /** Of queries and keys [H K, taps]. */
  qConv: Tensor
  kConv: Tensor
  /** To the logits of how much is kept and how much a token counts [D, H], and their biases [H]. */
  wKeep: Tensor
  keepBias: Tensor
  wCount: Tensor
  countBias: Tensor
  /** [H, K], before softplus: how much each channel is held back beyond the least. */
  lambda: Tensor
  /** RMSNorm scale of each head's output [K]. */
  norm: Tensor
  /** [D, H K]; only with an output gate. */
  wGate?: Tensor
  /** [H K, D] */
  wo: Tensor
}

export interface MesanetOptions {
  /** H; the model's heads where left out. */
  heads?: number
  /** K; the hidden size shared among the model's heads where left out. */
  headWidth?: number
  /** Tokens that the convolutions see; 4 where left out. */
  taps?: number
  /** The least that a channel is held back; 0.25 where left out. */
  leastLambda?: number
  /** Whether silu of a projection gates the output; false where left out. */
  outputGate?: boolean
}

/**
 * MesaNet's layer (von Oswald et al. 2025): each token reads the ridge regression of everything before it, solved anew. The
 * state holds two sums of each head, of k kᵀ and of k vᵀ, and the convolutions' last inputs.
 */
export const mesanetMixer =
  (options: MesanetOptions = {}): MixerKind =>
  ({ hiddenSize, heads: modelHeads, normEpsilon }) => {
    const { heads = modelHeads, taps = 4, leastLambda = 0.25, outputGate = false } = options
    const width = options.headWidth ?? headWidthOf({ hiddenSize, heads: modelHeads })
    const size = heads * width
    const matrices = (outputGate ? 5 : 4) * hiddenSize * size + 2 * hiddenSize * heads

    const mixer: SequenceMixer<MesanetParams> = {
      name: 'MesaNet',
      init: (random) => ({
        wq: normalWeight(random, [hiddenSize, size]),
        wk: normalWeight(random, [hiddenSize, size]),
        wv: normalWeight(random, [hiddenSize, size]),
        qConv: uniformWeight(random, [size, taps], 1 / Math.sqrt(taps)),
        kConv: uniformWeight(random, [size, taps], 1 / Math.sqrt(taps)),
        wKeep: normalWeight(random, [hiddenSize, heads]),
        keepBias: tf.zeros([heads]),
        wCount: normalWeight(random, [hiddenSize, heads]),
        countBias: tf.zeros([heads]),
        // λ is 1 at first.
        lambda: tf.fill([heads, width], Math.log(Math.expm1(Math.max(1e-6, 1 - leastLambda)))),
        norm: tf.ones([width]),
        ...(outputGate && { wGate: normalWeight(random, [hiddenSize, size]) }),
        wo: normalWeight(random, [size, hiddenSize]),
      }),
      start: (_, batch) => ({
        q: tf.zeros([batch, size, taps - 1]),
        k: tf.zeros([batch, size, taps - 1]),
        keys: tf.zeros([batch, heads, width, width]),
        values: tf.zeros([batch, heads, width, width]),
      }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor) => tf.reshape(y, [batch, length, heads, width])
        const silu = { silu: true }
        const q = shortConv(linear(x, params.wq), params.qConv, state.q, silu)
        const k = shortConv(linear(x, params.wk), params.kConv, state.k, silu)
        const keep = tf.add(linear(x, params.wKeep), params.keepBias)
        const read = mesa(
          {
            q: byHead(q.y),
            k: byHead(k.y),
            v: byHead(linear(x, params.wv)),
            g: tf.neg(tf.softplus(tf.neg(keep))),
            beta: tf.sigmoid(tf.add(linear(x, params.wCount), params.countBias)),
            lambda: tf.add(tf.softplus(params.lambda), leastLambda),
          },
          { keys: state.keys, values: state.values },
        )
        const normed = tf.reshape(rmsNorm(read.o, params.norm, normEpsilon), [batch, length, size])
        const gated = params.wGate ? swiglu(linear(x, params.wGate), normed) : normed
        return { y: linear(gated, params.wo), state: { q: q.lastState, k: k.lastState, ...read.state } }
      },
      undecayed: ['lambda'],
      parameterCount: matrices + 2 * heads + size + 2 * taps * size + width,
      stateBytes: () => 4 * (2 * size * width + 2 * size * (taps - 1)),
      // Both sums are written, the values' is read; conjugate gradients take 30 products, as published.
      flops: () => 2 * matrices + 4 * taps * size + 2 * (30 + 3) * size * width,
    }
    return mixer
  }
