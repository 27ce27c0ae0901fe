import { linear, rmsNorm, shortConv, swiglu } from '@ttt-e2e/kernels/ops'
import { headWidthOf, SizeError, type MixerKind, type SequenceMixer } from '@ttt-e2e/swa-transformer'
import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'
import { initLogRate, initStepBias } from '../recurrent-init'

export interface DeltaLayerOptions {
  /** H, heads of queries and keys; the model's heads where left out. */
  keyHeads?: number
  /** K; the hidden size shared among the model's heads where left out. */
  keyWidth?: number
  /** Hv, each key head shared by consecutive ones; as many as key heads where left out. */
  valueHeads?: number
  /** V; K where left out. It is the rank of the decay's and the gate's projections, too. */
  valueWidth?: number
  /** Tokens that the convolutions see; 4 where left out. */
  taps?: number
  /** Whether erasing reaches up to 2 instead of 1: what is written may then turn a state's sign. */
  negativeEigenvalues?: boolean
  /** What the output passes after its norm, made from the input; the layer's own where left out. */
  outputGate?: 'sigmoid' | 'silu'
  /** ε of the output's norm; the model's where left out. */
  normEpsilon?: number
}

/** The sizes that a layer comes to. */
export interface DeltaLayerSizes {
  hiddenSize: number
  keyHeads: number
  keyWidth: number
  valueHeads: number
  valueWidth: number
}

/** With H heads of keys of width K, Hv heads of values of width V, and G of them that decay. */
export type DeltaLayerParams = {
  /** Projections to queries and keys [D, H·K], values [D, Hv·V] and back [Hv·V, D], used as x · w. */
  wq: Tensor
  wk: Tensor
  wv: Tensor
  wo: Tensor
  /** Convolutions over queries and keys [H·K, taps] and values [Hv·V, taps]. */
  qConv: Tensor
  kConv: Tensor
  vConv: Tensor
  /** Projections to the steps of the decays: [D, V] and [V, G·K]. */
  wStepIn: Tensor
  wStepOut: Tensor
  /** [G·K], added to the steps. */
  stepBias: Tensor
  /** [G], the logarithms of the decay rates. */
  logRate: Tensor
  /** Projections to the output's gate: [D, V] and [V, Hv·V], and its bias [Hv·V]. */
  wGateIn: Tensor
  wGateOut: Tensor
  gateBias: Tensor
  /** RMSNorm scale [V], shared by the heads. */
  norm: Tensor
  /** Projections [D, …] to what says how much is erased and written. */
  gates: Record<string, Tensor>
}

/** What a token brings to the rule, [B, T, heads, width] each. */
export interface DeltaTokens {
  q: Tensor
  k: Tensor
  v: Tensor
  /** The logarithms of the decays [B, T, G, K]. */
  g: Tensor
}

/** What makes one layer of this kind differ from another. */
export interface DeltaLayer {
  name: string
  /** How linear layers and convolutions are drawn. */
  drawn: { linear: Draw; convolution: Draw }
  outputGate: 'sigmoid' | 'silu'
  /** G, how many heads have decays of their own. */
  decayHeads(sizes: DeltaLayerSizes): number
  /** The bounds that decay rates are first drawn between; they are 1 where left out. */
  firstRates?: readonly [low: number, high: number]
  /** The logarithms of the decays, of steps [B, T, G, K] and the logarithms of the rates [G, 1]. */
  logDecays(steps: Tensor, logRate: Tensor): Tensor
  /** The widths of `gates`, by name. */
  gateWidths(sizes: DeltaLayerSizes): Record<string, number>
  /** The rule, given what `gates` project to [B, T, …]. */
  rule(tokens: DeltaTokens, gates: Record<string, Tensor>, state: Tensor): { o: Tensor; lastState: Tensor }
}
type Draw = (random: Random, shape: number[]) => Tensor

/**
 * A layer whose state forgets at a rate of each channel's own and is written to by the delta rule: short convolutions with
 * silu, the rule on normalised queries and keys, RMSNorm of each head, then a gate of low rank. The state holds the rule's
 * [Hv, K, V] and the convolutions' last inputs.
 */
export const deltaMixer =
  (layer: DeltaLayer, options: DeltaLayerOptions): MixerKind =>
  ({ hiddenSize, heads, normEpsilon }) => {
    const { keyHeads = heads, taps = 4, outputGate = layer.outputGate } = options
    const { keyWidth = headWidthOf({ hiddenSize, heads }), valueHeads = keyHeads } = options
    const { valueWidth = keyWidth } = options
    if (valueHeads % keyHeads !== 0)
      throw new SizeError(`${keyHeads} heads of keys can't be shared evenly by ${valueHeads} heads of values`)
    const sizes = { hiddenSize, keyHeads, keyWidth, valueHeads, valueWidth }
    const [keys, values] = [keyHeads * keyWidth, valueHeads * valueWidth]
    const decayHeads = layer.decayHeads(sizes)
    const decays = decayHeads * keyWidth
    const gateWidths = Object.entries(layer.gateWidths(sizes))
    const gates = gateWidths.reduce((sum, [, width]) => sum + width, 0)
    const projections =
      hiddenSize * (2 * keys + 2 * values + gates + 2 * valueWidth) + valueWidth * (decays + values)
    const epsilon = options.normEpsilon ?? normEpsilon

    const mixer: SequenceMixer<DeltaLayerParams> = {
      name: layer.name,
      init(random) {
        const { linear, convolution } = layer.drawn
        return {
          wq: linear(random, [hiddenSize, keys]),
          wk: linear(random, [hiddenSize, keys]),
          wv: linear(random, [hiddenSize, values]),
          wo: linear(random, [values, hiddenSize]),
          qConv: convolution(random, [keys, taps]),
          kConv: convolution(random, [keys, taps]),
          vConv: convolution(random, [values, taps]),
          wStepIn: linear(random, [hiddenSize, valueWidth]),
          wStepOut: linear(random, [valueWidth, decays]),
          stepBias: initStepBias(random, decays),
          logRate: layer.firstRates
            ? initLogRate(random, decayHeads, ...layer.firstRates)
            : tf.zeros([decayHeads]),
          wGateIn: linear(random, [hiddenSize, valueWidth]),
          wGateOut: linear(random, [valueWidth, values]),
          gateBias: tf.zeros([values]),
          norm: tf.ones([valueWidth]),
          gates: Object.fromEntries(
            gateWidths.map(([name, width]) => [name, linear(random, [hiddenSize, width])]),
          ),
        }
      },
      start: (_, batch) => ({
        q: tf.zeros([batch, keys, taps - 1]),
        k: tf.zeros([batch, keys, taps - 1]),
        v: tf.zeros([batch, values, taps - 1]),
        rule: tf.zeros([batch, valueHeads, keyWidth, valueWidth]),
      }),
      read(params, x, state) {
        const [batch, length] = x.shape
        const byHead = (y: Tensor, count: number) => tf.reshape(y, [batch, length!, count, -1])
        const silu = { silu: true }
        const q = shortConv(linear(x, params.wq), params.qConv, state.q, silu)
        const k = shortConv(linear(x, params.wk), params.kConv, state.k, silu)
        const v = shortConv(linear(x, params.wv), params.vConv, state.v, silu)
        const steps = tf.add(linear(linear(x, params.wStepIn), params.wStepOut), params.stepBias)
        const rule = layer.rule(
          {
            q: byHead(q.y, keyHeads),
            k: byHead(k.y, keyHeads),
            v: byHead(v.y, valueHeads),
            g: layer.logDecays(byHead(steps, decayHeads), tf.reshape(params.logRate, [decayHeads, 1])),
          },
          Object.fromEntries(gateWidths.map(([name]) => [name, linear(x, params.gates[name])])),
          state.rule,
        )
        const normed = tf.reshape(rmsNorm(rule.o, params.norm, epsilon), [batch, length!, values])
        const gate = tf.add(linear(linear(x, params.wGateIn), params.wGateOut), params.gateBias)
        const gated = outputGate === 'silu' ? swiglu(gate, normed) : tf.mul(tf.sigmoid(gate), normed)
        return {
          y: linear(gated, params.wo),
          state: { q: q.lastState, k: k.lastState, v: v.lastState, rule: rule.lastState },
        }
      },
      undecayed: ['stepBias', 'logRate'],
      parameterCount: projections + taps * (2 * keys + values) + decays + decayHeads + values + valueWidth,
      stateBytes: () => 4 * (valueHeads * keyWidth * valueWidth + (taps - 1) * (2 * keys + values)),
      // The rule decays the state, reads it twice and writes to it once.
      flops: () => 2 * projections + 2 * taps * (2 * keys + values) + 8 * valueHeads * keyWidth * valueWidth,
    }
    return mixer
  }
