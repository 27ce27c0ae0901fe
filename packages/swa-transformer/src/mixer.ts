import type { RopeScaling } from '@ttt-e2e/kernels/ops'
import type { Random, Tensor, TensorTree } from '@ttt-e2e/tensor-ops'

/**
 * What a mixer remembers of the tokens it has read: tensors, each with a leading batch axis. Nothing but the mixer itself
 * knows more of it; where a sequence stands is not part of it but said at each read.
 */
export type SequenceState = Readonly<Record<string, Tensor>>

/** The sizes that a mixer is built from. */
export interface MixerSizes {
  hiddenSize: number
  heads: number
  ropeTheta: number
  ropeScaling?: RopeScaling | null
  normEpsilon: number
}

/** What a read is given beside the tokens. */
export interface ReadContext {
  /** Tokens of each sequence that the state has read, int32 [B]: rows of a batch may stand at different positions. */
  position: Tensor
  /** What `innerRate` is multiplied with, a scalar; 1 where left out. */
  rateMultiplier?: Tensor
  /** The tokens' embeddings [B, T, D], for mixers that say that they read them. */
  embedded?: Tensor
}

/**
 * The sublayer of a block that mixes tokens along the sequence. `read` is pure and differentiable in the parameters, x and
 * the state's tensors; reading a whole sequence, chunk by chunk or token by token gives the same results. Which kernels
 * run depends on shapes alone, so that they can be recorded once.
 */
export interface SequenceMixer<P extends TensorTree = TensorTree> {
  readonly name: string
  init(random: Random): P
  /** The state before the first token. */
  start(params: P, batch: number): SequenceState
  /**
   * The state with room for `tokens` tokens in all, of which those read are a part: to be called before reading on where
   * a state grows with what it holds. What needs no more room is given back as it is. Where left out, no state grows.
   */
  reserve?(state: SequenceState, tokens: number): SequenceState
  /**
   * Whether a state with room for `tokens` tokens serves in place of each one before it: what later tokens have put there
   * lies behind the position that a read is told, and isn't read. Where left out, none does.
   */
  lasts?(state: SequenceState, tokens: number): boolean
  /**
   * @param x [B, T, D]
   * @param state with room for these tokens, or one before the first token
   * @returns y [B, T, D] and the state after these tokens
   */
  read(params: P, x: Tensor, state: SequenceState, options: ReadContext): { y: Tensor; state: SequenceState }
  /** The rate at which the mixer itself learns from what it reads, where training warms that rate up. */
  readonly innerRate?: number
  /** Whether reads need the tokens' embeddings; false where left out. Only blocks of the prefix can have them. */
  readonly readsEmbedding?: boolean
  /** The parameters that weight decay leaves alone, by name; none where left out. */
  readonly undecayed?: readonly string[]
  /** How many values its parameters hold. */
  readonly parameterCount: number
  /** Bytes of one sequence's state with room for `position` tokens. */
  stateBytes(position: number): number
  /**
   * Floating-point operations that the last of `position` tokens takes by the mixer's recurrent definition: two for
   * each value of a matrix or a state that is multiplied and added.
   */
  flops(position: number): number
}

/** Makes a mixer for a model's sizes; a system's pattern is a list of these. */
export type MixerKind = (sizes: MixerSizes) => SequenceMixer
