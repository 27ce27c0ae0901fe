import { inPlaceTtt, inPlaceTttStart, linear, swiglu, type InPlaceTttState } from '@ttt-e2e/kernels/ops'
import { normalWeight, uniformWeight, type MixerKind, type SequenceMixer } from '@ttt-e2e/swa-transformer'
import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'

export type InPlaceTttParams = {
  /** The MLP [D, F], [D, F] and [F, D], used as x · w; w2 is where its down projection starts in every sequence. */
  w1: Tensor
  w3: Tensor
  w2: Tensor
  /** The targets' centred convolution [D, 5]. */
  conv: Tensor
  /** [D, D], used as u · p; only with a projection. */
  projection?: Tensor
}

export interface InPlaceTttOptions {
  /** Hidden width F. */
  width: number
  /** Tokens between two steps. */
  chunk: number
  /** η; a step is a sum over a chunk's tokens, so that the rate belongs to the chunk's length. */
  rate: number
  /** What is learned to be given back: the MLP's own input, or the tokens' embeddings. */
  target: 'hidden' | 'embedding'
  /** Whether the targets are projected; true where left out. */
  projection?: boolean
}

/**
 * An MLP whose down projection learns while reading (In-Place TTT, arXiv 2604.06169): after each chunk
 * W ← W + η Σ v hᵀ, v the chunk's targets, convolved so that they look two tokens ahead, and projected. It stands in the
 * mixer's place of a block of one sublayer. Trained through the sums; nothing is differentiated twice.
 */
export const inPlaceTttMixer =
  ({ width, chunk, rate, target, projection = true }: InPlaceTttOptions): MixerKind =>
  ({ hiddenSize }) => {
    const matrix = hiddenSize * width
    const mixer: SequenceMixer<InPlaceTttParams> = {
      name: `MLP that learns in place by ${chunk}`,
      init: (random) => ({
        w1: normalWeight(random, [hiddenSize, width]),
        w3: normalWeight(random, [hiddenSize, width]),
        w2: normalWeight(random, [width, hiddenSize]),
        conv: uniformWeight(random, [hiddenSize, 5], 1 / Math.sqrt(5)),
        ...(projection && { projection: diagonal(random, hiddenSize) }),
      }),
      start: (_, batch) => inPlaceTttStart(batch, { width: hiddenSize, hidden: width, chunk }),
      read(params, x, state, { position, embedded }) {
        if (target === 'embedding' && !embedded)
          throw new Error('an MLP that learns the embeddings in place was not given them')
        const h = swiglu(linear(x, params.w1), linear(x, params.w3))
        const learned = inPlaceTtt(
          { h, t: target === 'embedding' ? embedded! : x, conv: params.conv },
          state as InPlaceTttState,
          position,
        )
        const gain = params.projection ? linear(learned.z, params.projection) : learned.z
        return { y: tf.add(linear(h, params.w2), tf.mul(gain, rate)), state: learned.state }
      },
      readsEmbedding: target === 'embedding',
      parameterCount: 3 * matrix + 5 * hiddenSize + (projection ? hiddenSize ** 2 : 0),
      stateBytes: () => 4 * (matrix + chunk * (hiddenSize + width)),
      // Of the learned part, one product to read and one to learn.
      flops: () => 10 * matrix + 10 * hiddenSize + (projection ? 2 * hiddenSize ** 2 : 0),
    }
    return mixer
  }

/** Normal(0, 0.02) on the diagonal, as published; zeros beside it. */
const diagonal = (random: Random, size: number): Tensor =>
  tf.mul(normalWeight(random, [size, 1]), tf.eye(size))
