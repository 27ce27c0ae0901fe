import { clippedSgd } from '@ttt-e2e/kernels/ops'
import { tf, treeLeaves, treeWithLeaves, vjp, type Tensor } from '@ttt-e2e/tensor-ops'
import type { MixingState, MlpWeights, ReadContext, SuffixParams } from '@ttt-e2e/swa-transformer'
import { decayed, type Decay, type FastWeights } from './fast-weights'
import type { System } from './system'

export interface Chunk {
  /** The prefix's output for the chunk's tokens [B, b, D]. */
  hidden: Tensor
  /** int32 [B, b]: the token after each. */
  targets: Tensor
  /** float32 [B, b]: 1 where the target counts. */
  mask: Tensor
}

export interface Prediction {
  /** Mean over the targets that count, per sequence [B]; 0 for a sequence without any. */
  loss: Tensor
  /** Nats for each target, masked or not [B, b]. */
  tokenLosses: Tensor
  /** After the last norm [B, b, D], for logits. */
  hidden: Tensor
  states: MixingState[]
}

export interface LearnedChunk extends Prediction {
  fast: FastWeights
  /** The inner gradient before the clip, and its norm per sequence [B]. */
  gradient: FastWeights
  norm: Tensor
}

/**
 * Predicts a chunk with the given weights.
 *
 * @param prime with a batch axis where they are fast weights
 * @param context of the chunk's first token
 */
export function predictChunk(
  system: System,
  params: SuffixParams,
  prime: readonly MlpWeights[],
  chunk: Chunk,
  states: readonly MixingState[],
  context: ReadContext,
): Prediction {
  const read = system.decoder.readSuffix(params, prime, chunk.hidden, states, context)
  const tokenLosses = system.decoder.losses(params, read.hidden, chunk.targets)
  return { loss: maskedMean(tokenLosses, chunk.mask), tokenLosses, hidden: read.hidden, states: read.states }
}

/** Σ masked / max(n, 1e-10) over the last axis. */
export function maskedMean(losses: Tensor, mask: Tensor): Tensor {
  return tf.div(tf.sum(tf.mul(losses, mask), -1), tf.maximum(tf.sum(mask, -1), 1e-10))
}

/**
 * The inner step (paper §2.2): predicts a chunk with W_{i−1}, then W_i = W_{i−1} − rate · clip(∂loss/∂W_{i−1}).
 * Predict first, learn after: the losses are those of a reader who hasn't seen the chunk. The states that earlier
 * chunks left are held constant in the inner gradient. Differentiable in parameters, fast weights, chunk and states,
 * through the gradient too.
 *
 * The loss that is differentiated is the sum over sequences of each one's mean, so that one backward pass gives each
 * sequence its own gradient.
 *
 * @param rate of the step, a scalar
 * @param context of the chunk's first token
 * @param decay for a rule with one: the gradient is still that at W_{i−1}, the step starts from there drawn towards W₀
 */
export function learnFromChunk(
  system: System,
  params: SuffixParams,
  fast: FastWeights,
  chunk: Chunk,
  states: readonly MixingState[],
  rate: Tensor,
  context: ReadContext,
  decay?: Decay,
): LearnedChunk {
  const inner = vjp((weights: FastWeights) => {
    const prediction = predictChunk(system, params, weights, chunk, states, context)
    return { value: tf.sum(prediction.loss), aux: prediction }
  }, fast)
  const gradient = inner.pull(tf.scalar(1))
  const from = decay ? decayed(fast, decay) : fast
  const { updated, norm } = clippedSgd(treeLeaves(from), treeLeaves(gradient), {
    rate,
    maxNorm: system.rule?.maxNorm ?? 1,
  })
  return { ...inner.aux, fast: treeWithLeaves(fast, updated), gradient, norm }
}
