import { linear, rmsNorm, shortConv, swiglu } from '@ttt-e2e/kernels/ops'
import { tf, type Random, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import { biased, initConv, normalWeight, type ConvParams } from './init'
import type { ReadContext, SequenceMixer, SequenceState } from './mixer'

/** SwiGLU weights: w1, w3 [D, F], w2 [F, D]; as fast weights each with a leading batch axis. */
export type MlpWeights = {
  w1: Tensor
  w3: Tensor
  w2: Tensor
}

/** A block's own MLP; its linear layers may add biases b1, b3 [F], b2 [D]. */
export type FeedForwardWeights = MlpWeights & { b1?: Tensor; b3?: Tensor; b2?: Tensor }

/** RMSNorm scales [D] before a sublayer and, in a sandwich, after it. */
export type SublayerNorms = {
  norm: Tensor
  postNorm?: Tensor
}

/** A convolution before the mixer, with the norms around it. */
export type PreConvParams = ConvParams & { norms: SublayerNorms }

export type BlockParams = {
  mixing: { mixer: TensorTree; norms: SublayerNorms; preConv?: PreConvParams }
  /**
   * Blocks that learn while they read only: the norms around their prime MLP, whose weights are an argument; absent where
   * it is split off their own MLP, whose norms it then shares.
   */
  prime?: { norms: SublayerNorms }
  /** Absent from blocks without an MLP. */
  feedForward?: { mlp: FeedForwardWeights; norms: SublayerNorms }
}

/** What a block's mixing remembers: the mixer's state and the last inputs of its convolution [B, D, K − 1]. */
export type MixingState = { readonly mixer: SequenceState; readonly preConv?: Tensor }

/** The state of a block's mixing before the first token. */
export function startMixing(params: BlockParams['mixing'], mixer: SequenceMixer, batch: number): MixingState {
  const state = mixer.start(params.mixer, batch)
  if (!params.preConv) return { mixer: state }
  const [width, taps] = params.preConv.weight.shape
  return { mixer: state, preConv: tf.zeros([batch, width, taps! - 1]) }
}

/** See `SequenceMixer.reserve`. */
export function reserveMixing(mixer: SequenceMixer, state: MixingState, tokens: number): MixingState {
  const reserved = mixer.reserve?.(state.mixer, tokens) ?? state.mixer
  return reserved === state.mixer ? state : { ...state, mixer: reserved }
}

/**
 * h + postNorm(mixer(norm(h))); with a convolution before the mixer h is h + postNorm(conv(norm(h))) first.
 *
 * @param hidden [B, T, D]
 */
export function mixSublayer(
  params: BlockParams['mixing'],
  mixer: SequenceMixer,
  hidden: Tensor,
  state: MixingState,
  epsilon: number,
  options: ReadContext,
): { hidden: Tensor; state: MixingState } {
  const { norms, preConv } = params
  let before: Pick<MixingState, 'preConv'> = {}
  if (preConv) {
    const normed = rmsNorm(hidden, preConv.norms.norm, epsilon)
    const conv = shortConv(normed, preConv.weight, state.preConv!, { bias: preConv.bias })
    hidden = addSublayer(hidden, conv.y, preConv.norms, epsilon)
    before = { preConv: conv.lastState }
  }
  const mixed = mixer.read(params.mixer, rmsNorm(hidden, norms.norm, epsilon), state.mixer, options)
  return { hidden: addSublayer(hidden, mixed.y, norms, epsilon), state: { mixer: mixed.state, ...before } }
}

/** h + postNorm(w2(silu(x·w1) ⊙ (x·w3))) with x = norm(h). @param hidden [B, T, D] */
export function mlpSublayer(
  norms: SublayerNorms,
  weights: FeedForwardWeights,
  hidden: Tensor,
  epsilon: number,
): Tensor {
  return addSublayer(hidden, mlp(rmsNorm(hidden, norms.norm, epsilon), weights), norms, epsilon)
}

/** The same with an MLP in parts, which share its norms. @param hidden [B, T, D] */
export function splitMlpSublayer(
  norms: SublayerNorms,
  parts: readonly [FeedForwardWeights, FeedForwardWeights],
  hidden: Tensor,
  epsilon: number,
): Tensor {
  const x = rmsNorm(hidden, norms.norm, epsilon)
  return addSublayer(hidden, tf.add(mlp(x, parts[0]), mlp(x, parts[1])), norms, epsilon)
}

function mlp(x: Tensor, { w1, w3, w2, b1, b3, b2 }: FeedForwardWeights): Tensor {
  return biased(linear(swiglu(biased(linear(x, w1), b1), biased(linear(x, w3), b3)), w2), b2)
}

const addSublayer = (hidden: Tensor, y: Tensor, { postNorm }: SublayerNorms, epsilon: number): Tensor =>
  tf.add(hidden, postNorm ? rmsNorm(y, postNorm, epsilon) : y)

export const initNorms = (hiddenSize: number, sandwich: boolean): SublayerNorms => ({
  norm: tf.ones([hiddenSize]),
  ...(sandwich && { postNorm: tf.ones([hiddenSize]) }),
})

export const initMlp = (random: Random, hiddenSize: number, intermediateSize: number): MlpWeights => ({
  w1: normalWeight(random, [hiddenSize, intermediateSize]),
  w3: normalWeight(random, [hiddenSize, intermediateSize]),
  w2: normalWeight(random, [intermediateSize, hiddenSize]),
})

export const initMlpBiases = (hiddenSize: number, intermediateSize: number) => ({
  b1: tf.zeros([intermediateSize]),
  b3: tf.zeros([intermediateSize]),
  b2: tf.zeros([hiddenSize]),
})

export const initPreConv = (
  random: Random,
  hiddenSize: number,
  taps: number,
  sandwich: boolean,
): PreConvParams => ({
  norms: initNorms(hiddenSize, sandwich),
  ...initConv(random, hiddenSize, taps),
})
