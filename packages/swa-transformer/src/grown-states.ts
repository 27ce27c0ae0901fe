import { disposeTree, tidy, treeLeaves } from '@ttt-e2e/tensor-ops'
import type { MixingState } from './block'
import type { Decoder } from './decoder'

/**
 * Gives the prefix's states room for `tokens` tokens, see `SequenceMixer.reserve`: each in its place in the list, what it
 * was before freed at once, so that only one of them stands there twice.
 *
 * @returns whether one has grown: what it was lies idle
 */
export function growPrefix(decoder: Decoder, states: MixingState[], tokens: number): boolean {
  return grow(states, (state, stage) => decoder.prefix[stage].reserve(state, tokens))
}

/** As `growPrefix`, for the suffix's states. */
export function growSuffix(decoder: Decoder, states: MixingState[], tokens: number): boolean {
  return grow(states, (state, s) => decoder.reserveSuffix(state, s, tokens))
}

function grow(states: MixingState[], reserve: (state: MixingState, index: number) => MixingState): boolean {
  let grew = false
  states.forEach((state, i) => {
    states[i] = tidy(() => reserve(state, i))
    if (states[i] !== state) grew = disposeUnkept(state, states[i]) || grew
  })
  return grew
}

/** Frees a state's tensors, but those that the next one goes on with. @returns whether there were any */
export function disposeUnkept(state: MixingState, next: MixingState): boolean {
  const kept = new Set(treeLeaves(next))
  const unkept = treeLeaves(state).filter((leaf) => !kept.has(leaf))
  disposeTree(unkept)
  return unkept.length > 0
}
