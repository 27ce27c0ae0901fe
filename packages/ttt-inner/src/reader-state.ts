import { disposeTree, tf, tidy, treeBytes, treeMap, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { MixingState } from '@ttt-e2e/swa-transformer'
import { startFastWeights, type FastWeights } from './fast-weights'
import type { Params, System } from './system'
import { TokenBlock } from './token-block'

/** Everything that a reader remembers. Its size does not depend on how much was read, full attention's cache excepted. */
export interface ReaderState {
  /** W after the steps so far; absent without a rule. */
  fast?: FastWeights
  prefix: MixingState[]
  suffix: MixingState[]
  open: OpenChunk
  /** Hidden states after the last norm of the last token read [B, 1, D]: they predict the next one. */
  last?: Tensor
  /** Tokens read of each sequence [B]. */
  positions: readonly number[]
  /** Inner steps that each has taken [B]. */
  steps: readonly number[]
}

/** The tokens after the last step, with what a step on them needs: the prefix's output and the states at their start. */
export interface OpenChunk {
  /** [B, rows] */
  tokens: TokenBlock
  /** [B, rows, D] */
  hidden?: Tensor
  states: MixingState[]
}

/** Before the first token: W₀ and the states that the mixers start from. */
export function startState(system: System, params: Params, batch: number): ReaderState {
  const { decoder, rule } = system
  const suffix = started(() => decoder.startSuffix(decoder.suffixParams(params), batch))
  return {
    ...(rule && { fast: tidy(() => startFastWeights(params.prime, batch)) }),
    prefix: started(() => decoder.prefix.map((stage) => stage.start(stage.params(params), batch))),
    suffix,
    open: openAt(suffix, batch),
    positions: Array<number>(batch).fill(0),
    steps: Array<number>(batch).fill(0),
  }
}

/** A mixer may start from its parameters themselves, which are the caller's: hence the clones. */
function started(start: () => MixingState[]): MixingState[] {
  return tidy(() => copyStates(start()))
}

/** An open chunk without a token. @param states the suffix's; copied */
export const openAt = (states: readonly MixingState[], batch: number): OpenChunk => ({
  tokens: TokenBlock.empty(batch),
  states: copyStates(states),
})

/** The tensors by name: `fast.0.w1`, `prefix.2.k`, `open.hidden`, … */
export function tensorsOf({ fast, prefix, suffix, open, last }: ReaderState) {
  const { hidden, states } = open
  return { fast: fast as TensorTree | undefined, prefix, suffix, open: { hidden, states }, last }
}

/** A state of its own that shares the tensors' memory: constant time, whatever was read. */
export function copyState(state: ReaderState): ReaderState {
  const { fast, prefix, suffix, open, last, positions, steps } = state
  return {
    ...(fast && { fast: treeMap(fast as TensorTree, tf.clone) as FastWeights }),
    prefix: copyStates(prefix),
    suffix: copyStates(suffix),
    open: {
      tokens: open.tokens,
      ...(open.hidden && { hidden: tf.clone(open.hidden) }),
      states: copyStates(open.states),
    },
    ...(last && { last: tf.clone(last) }),
    positions,
    steps,
  }
}

/** Tensors of their own that share memory. */
const copyStates = (states: readonly MixingState[]): MixingState[] =>
  treeMap(states as MixingState[], (tensor) => tf.clone(tensor))

/** int32 [B]; the caller's. */
export const positionTensor = (positions: readonly number[]): Tensor => tf.tensor1d([...positions], 'int32')

/** Tokens that the one that has read most will have read after so many more: what states need room for. */
export const endAfter = ({ positions }: ReaderState, tokens: number): number =>
  Math.max(...positions) + tokens

export const disposeState = (state: ReaderState): void => disposeTree(tensorsOf(state))
export const bytesOfState = (state: ReaderState): number => treeBytes(tensorsOf(state))
