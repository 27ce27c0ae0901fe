import { gatedDeltaRule, linear, rmsNorm, shortConv, swiglu } from '@ttt-e2e/kernels/ops'
import { normalWeight, SizeError, type MixerKind, type SequenceMixer } from '@ttt-e2e/swa-transformer'
import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { initLogRate, initStepBias, ratesOf } from '../recurrent-init'

/** With H heads of keys of width K, Hv heads of values of width V. */
export type GatedDeltanetParams = {
  /** Projections to queries and keys [D, H·K], values and gate [D, Hv·V] and back [Hv·V, D], used as x · w. */
  wq: Tensor
  wk: Tensor
  wv: Tensor
  wGate: Tensor
  wo: Tensor
  /** Projections [D, Hv] to the rate at which a head writes and to the step of its decay. */
  wBeta: Tensor
  wStep: Tensor
  /** Convolutions over queries and keys [H·K, taps] and values [Hv·V, taps]. */
  qConv: Tensor
  kConv: Tensor
  vConv: Tensor
  /** [Hv], added to the steps before softplus. */
  stepBias: Tensor
  /** [Hv], the logarithms of the decay rates. */
  logRate: Tensor
  /** RMSNorm scale [V], shared by the heads. */
  norm: Tensor
}

export interface GatedDeltanetOptions {
  /** H; the model's heads where left out. */
  keyHeads?: number
  /** K; three quarters of the hidden size shared among the key heads where left out. */
  keyWidth?: number
  /** Hv, each key head shared by consecutive ones; as many as key heads where left out. */
  valueHeads?: number
  /** V; twice K where left out. */
  valueWidth?: number
  /** Tokens that the convolutions see; 4 where left out. */
  taps?: number
  /** Whether writing rates reach up to 2 instead of 1: what is written may then turn a state's sign. */
  negativeEigenvalues?: boolean
}

/**
 * The Gated DeltaNet layer (Yang et al. 2024, section 3.4): short convolutions with silu, the gated delta rule on
 * normalised queries and keys, RMSNorm of each head, then the gate. The state holds the rule's [Hv, K, V] and the
 * convolutions' last inputs.
 */
export const gatedDeltanetMixer =
  (options: GatedDeltanetOptions = {}): MixerKind =>
  ({ hiddenSize, heads, normEpsilon }) => {
    const { keyHeads = heads, taps = 4, negativeEigenvalues = false } = options
    const { keyWidth = (0.75 * hiddenSize) / keyHeads, valueHeads = keyHeads } = options
    const { valueWidth = 2 * keyWidth } = options
    if (!Number.isInteger(keyWidth))
      throw new SizeError(
        `three quarters of the hidden size ${hiddenSize} can't be shared evenly by ${keyHeads} heads`,
      )
    if (valueHeads % keyHeads !== 0)
      throw new SizeError(`${keyHeads} heads of keys can't be shared evenly by ${valueHeads} heads of values`)
    const keys = keyHeads * keyWidth
    const values = valueHeads * valueWidth
    const projections = hiddenSize * (2 * keys + 3 * values + 2 * valueHeads)

    const mixer: SequenceMixer<GatedDeltanetParams> = {
      name: 'Gated DeltaNet',
      init: (random) => ({
        wq: normalWeight(random, [hiddenSize, keys]),
        wk: normalWeight(random, [hiddenSize, keys]),
        wv: normalWeight(random, [hiddenSize, values]),
        wGate: normalWeight(random, [hiddenSize, values]),
        wo: normalWeight(random, [values, hiddenSize]),
        wBeta: normalWeight(random, [hiddenSize, valueHeads]),
        wStep: normalWeight(random, [hiddenSize, valueHeads]),
        qConv: normalWeight(random, [keys, taps]),
        kConv: normalWeight(random, [keys, taps]),
        vConv: normalWeight(random, [values, taps]),
        stepBias: initStepBias(random, valueHeads),
        logRate: initLogRate(random, valueHeads, 0, 16),
        norm: tf.ones([valueWidth]),
      }),
      start: (_, batch) => ({
        q: tf.zeros([batch, keys, taps - 1]),
        k: tf.zeros([batch, keys, taps - 1]),
        v: tf.zeros([batch, values, taps - 1]),
        rule: tf.zeros([batch, valueHeads, keyWidth, valueWidth]),
      }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor, count: number) => tf.reshape(y, [batch, length, count, -1])
        const silu = { silu: true }
        const q = shortConv(linear(x, params.wq), params.qConv, state.q, silu)
        const k = shortConv(linear(x, params.wk), params.kConv, state.k, silu)
        const v = shortConv(linear(x, params.wv), params.vConv, state.v, silu)
        const rates = tf.sigmoid(linear(x, params.wBeta))
        const steps = tf.softplus(tf.add(linear(x, params.wStep), params.stepBias))
        const rule = gatedDeltaRule({
          q: byHead(q.y, keyHeads),
          k: byHead(k.y, keyHeads),
          v: byHead(v.y, valueHeads),
          g: tf.neg(tf.mul(steps, ratesOf(params.logRate))),
          beta: negativeEigenvalues ? tf.mul(rates, 2) : rates,
          state: state.rule,
        })
        const normed = tf.reshape(rmsNorm(rule.o, params.norm, normEpsilon), [batch, length, values])
        return {
          y: linear(swiglu(linear(x, params.wGate), normed), params.wo),
          state: { q: q.lastState, k: k.lastState, v: v.lastState, rule: rule.lastState },
        }
      },
      undecayed: ['stepBias', 'logRate'],
      parameterCount: projections + taps * (2 * keys + values) + 2 * valueHeads + valueWidth,
      stateBytes: () => 4 * (valueHeads * keyWidth * valueWidth + (taps - 1) * (2 * keys + values)),
      // The rule reads the state twice and writes to it once.
      flops: () => 2 * projections + 2 * taps * (2 * keys + values) + 6 * valueHeads * keyWidth * valueWidth,
    }
    return mixer
  }
