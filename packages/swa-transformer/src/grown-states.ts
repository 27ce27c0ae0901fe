import { tidy, treeLeaves, type TensorTree } from '@ttt-e2e/tensor-ops'

/**
 * States with more room, in place of those given, which are given up: tensors that needed none stay, the others are freed.
 *
 * @param reserve see `SequenceMixer.reserve`
 */
export function grownStates<S extends TensorTree>(states: S, reserve: (states: S) => S): S {
  const grown = tidy(() => reserve(states))
  const kept = new Set(treeLeaves(grown))
  for (const leaf of treeLeaves(states)) if (!kept.has(leaf)) leaf.dispose()
  return grown
}
