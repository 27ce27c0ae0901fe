import type { Random, Tensor, TensorTree } from '@ttt-e2e/tensor-ops'

/**
 * What a part of a model remembers of the tokens it has read: tensors, each with a leading batch axis, and counters of
 * tokens. Nothing but the part itself knows more of it.
 */
export interface SequenceState {
  tensors: Record<string, Tensor>
  meta: Record<string, number>
}

/** The sizes that a mixer is built from. */
export interface MixerSizes {
  hiddenSize: number
  heads: number
  ropeTheta: number
  normEpsilon: number
}

/**
 * The sublayer of a block that mixes tokens along the sequence. `read` is pure and differentiable in the parameters,
 * x and the state's tensors; reading a whole sequence, chunk by chunk or token by token gives the same results.
 */
export interface SequenceMixer<P extends TensorTree = TensorTree> {
  readonly name: string
  init(random: Random): P
  /** The state before the first token. */
  start(params: P, batch: number): SequenceState
  /**
   * @param x [B, T, D]
   * @param rateMultiplier what `innerRate` is multiplied with, a scalar; 1 where left out
   * @returns y [B, T, D] and the state after these tokens
   */
  read(
    params: P,
    x: Tensor,
    state: SequenceState,
    rateMultiplier?: Tensor,
  ): { y: Tensor; state: SequenceState }
  /**
   * What `read` depends on beside values and shapes: after two positions of one phase it runs the same kernels, so that
   * they can be recorded once. 0 at all positions where left out.
   */
  phase?(position: number): number
  /** The rate at which the mixer itself learns from what it reads, where training warms that rate up. */
  readonly innerRate?: number
  /** The parameters that weight decay leaves alone, by name; none where left out. */
  readonly undecayed?: readonly string[]
  /** How many values its parameters hold. */
  readonly parameterCount: number
  /** Bytes of one sequence's state after `position` tokens. */
  stateBytes(position: number): number
  /**
   * Floating-point operations that the last of `position` tokens takes by the mixer's recurrent definition: two for
   * each value of a matrix or a state that is multiplied and added.
   */
  flops(position: number): number
}

/** Makes a mixer for a model's sizes; a system's pattern is a list of these. */
export type MixerKind = (sizes: MixerSizes) => SequenceMixer

/** The counters of several states as one JSON, and back: a vjp's inputs and outputs are the tensors alone. */
export const stateTensors = (states: readonly SequenceState[]) => states.map((state) => state.tensors)
export const stateMetas = (states: readonly SequenceState[]) => states.map((state) => state.meta)
export const joinStates = (
  tensors: readonly Record<string, Tensor>[],
  metas: readonly Record<string, number>[],
): SequenceState[] => tensors.map((each, i) => ({ tensors: each, meta: metas[i] }))

/** The counters after reading `length` tokens more. */
export const advanced = (
  metas: readonly Record<string, number>[],
  length: number,
): Record<string, number>[] =>
  metas.map((meta) => Object.fromEntries(Object.entries(meta).map(([name, count]) => [name, count + length])))
