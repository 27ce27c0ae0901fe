import { linear, rmsNorm, shortConv, swiglu } from '@ttt-e2e/kernels/ops'
import { tf, type Random, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import { initConv, normalWeight, type ConvParams } from './init'
import type { SequenceMixer, SequenceState } from './mixer'

/** SwiGLU weights: w1, w3 [D, F], w2 [F, D]; as fast weights each with a leading batch axis. */
export type MlpWeights = {
  w1: Tensor
  w3: Tensor
  w2: Tensor
}

/** RMSNorm scales [D] before a sublayer and, in a sandwich, after it. */
export type SublayerNorms = {
  norm: Tensor
  postNorm?: Tensor
}

/** A convolution before the mixer, with the norms around it. */
export type PreConvParams = ConvParams & { norms: SublayerNorms }

export type BlockParams = {
  mixing: { mixer: TensorTree; norms: SublayerNorms; preConv?: PreConvParams }
  /** Blocks that learn while they read only: the norms around their prime MLP, whose weights are an argument. */
  prime?: { norms: SublayerNorms }
  /** Absent from blocks without an MLP. */
  feedForward?: { mlp: MlpWeights; norms: SublayerNorms }
}

/** What a block's mixing remembers: the mixer's tensors and, beside them, the inputs of its convolution [B, D, K − 1]. */
const preConvState = 'preConv'

/** The state of a block's mixing before the first token. */
export function startMixing(
  params: BlockParams['mixing'],
  mixer: SequenceMixer,
  batch: number,
): SequenceState {
  const state = mixer.start(params.mixer, batch)
  if (!params.preConv) return state
  const [width, taps] = params.preConv.weight.shape
  return {
    tensors: { ...state.tensors, [preConvState]: tf.zeros([batch, width, taps! - 1]) },
    meta: state.meta,
  }
}

/**
 * h + postNorm(mixer(norm(h))); with a convolution before the mixer h is h + postNorm(conv(norm(h))) first.
 *
 * @param hidden [B, T, D]
 * @param rateMultiplier see `SequenceMixer.read`
 */
export function mixSublayer(
  params: BlockParams['mixing'],
  mixer: SequenceMixer,
  hidden: Tensor,
  state: SequenceState,
  epsilon: number,
  rateMultiplier?: Tensor,
): { hidden: Tensor; state: SequenceState } {
  const { norms, preConv } = params
  if (!preConv) {
    const mixed = mixer.read(params.mixer, rmsNorm(hidden, norms.norm, epsilon), state, rateMultiplier)
    return { hidden: addSublayer(hidden, mixed.y, norms, epsilon), state: mixed.state }
  }
  const { [preConvState]: before, ...tensors } = state.tensors
  const { bias } = preConv
  const conv = shortConv(rmsNorm(hidden, preConv.norms.norm, epsilon), preConv.weight, before, { bias })
  const convolved = addSublayer(hidden, conv.y, preConv.norms, epsilon)
  const mixed = mixSublayer(
    { mixer: params.mixer, norms },
    mixer,
    convolved,
    { ...state, tensors },
    epsilon,
    rateMultiplier,
  )
  const { state: after } = mixed
  return {
    hidden: mixed.hidden,
    state: { tensors: { ...after.tensors, [preConvState]: conv.lastState }, meta: after.meta },
  }
}

/** h + postNorm(w2(silu(x·w1) ⊙ (x·w3))) with x = norm(h). @param hidden [B, T, D] */
export function mlpSublayer(
  norms: SublayerNorms,
  weights: MlpWeights,
  hidden: Tensor,
  epsilon: number,
): Tensor {
  const x = rmsNorm(hidden, norms.norm, epsilon)
  const y = linear(swiglu(linear(x, weights.w1), linear(x, weights.w3)), weights.w2)
  return addSublayer(hidden, y, norms, epsilon)
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

export const initPreConv = (
  random: Random,
  hiddenSize: number,
  taps: number,
  sandwich: boolean,
): PreConvParams => ({
  norms: initNorms(hiddenSize, sandwich),
  ...initConv(random, hiddenSize, taps),
})
