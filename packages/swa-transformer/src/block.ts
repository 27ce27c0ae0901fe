import { linear, rmsNorm, swiglu } from '@ttt-e2e/kernels/ops'
import { tf, type Random, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import { normalWeight } from './init'
import type { SequenceMixer, SequenceState } from './mixer'

/** SwiGLU weights: w1, w3 [D, F], w2 [F, D]; as fast weights each with a leading batch axis. */
export type MlpWeights = {
  w1: Tensor
  w3: Tensor
  w2: Tensor
}

/** RMSNorm scales [D] before and after a sublayer. */
export type SandwichNorm = {
  norm: Tensor
  postNorm: Tensor
}

export type BlockParams = {
  mixing: { mixer: TensorTree; norms: SandwichNorm }
  /** Blocks that learn while they read only: the norms around their prime MLP, whose weights are an argument. */
  prime?: { norms: SandwichNorm }
  feedForward: { mlp: MlpWeights; norms: SandwichNorm }
}

/** h + postNorm(mixer(norm(h))). @param hidden [B, T, D] */
export function mixSublayer(
  params: BlockParams['mixing'],
  mixer: SequenceMixer,
  hidden: Tensor,
  state: SequenceState,
  epsilon: number,
): { hidden: Tensor; state: SequenceState } {
  const mixed = mixer.read(params.mixer, rmsNorm(hidden, params.norms.norm, epsilon), state)
  return { hidden: tf.add(hidden, rmsNorm(mixed.y, params.norms.postNorm, epsilon)), state: mixed.state }
}

/** h + postNorm(w2(silu(x·w1) ⊙ (x·w3))) with x = norm(h). @param hidden [B, T, D] */
export function mlpSublayer(
  norms: SandwichNorm,
  weights: MlpWeights,
  hidden: Tensor,
  epsilon: number,
): Tensor {
  const x = rmsNorm(hidden, norms.norm, epsilon)
  const y = linear(swiglu(linear(x, weights.w1), linear(x, weights.w3)), weights.w2)
  return tf.add(hidden, rmsNorm(y, norms.postNorm, epsilon))
}

export const initNorms = (hiddenSize: number): SandwichNorm => ({
  norm: tf.ones([hiddenSize]),
  postNorm: tf.ones([hiddenSize]),
})

export const initMlp = (random: Random, hiddenSize: number, intermediateSize: number): MlpWeights => ({
  w1: normalWeight(random, [hiddenSize, intermediateSize]),
  w3: normalWeight(random, [hiddenSize, intermediateSize]),
  w2: normalWeight(random, [intermediateSize, hiddenSize]),
})
