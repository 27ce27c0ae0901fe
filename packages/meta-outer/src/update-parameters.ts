import { adamw } from '@ttt-e2e/kernels/ops'
import {
  disposeTree,
  tidy,
  treeEntries,
  treeLeaves,
  treeMap,
  treeWithLeaves,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import { adamwAttributes, type Optimizer } from './optimizer'
import type { RunState } from './run-state'

/**
 * AdamW on one parameter after another: what it and its moments were is freed before the next one's are made. Replaces the
 * tensors of `state`.
 *
 * @param trained the parameters of `state` that have moments
 * @param gradients of their form; freed
 * @param factor what clips the gradients [], see `gradientClip`
 */
export function updateParameters(
  system: System,
  state: RunState,
  trained: TensorTree,
  gradients: TensorTree,
  factor: Tensor,
  optimizer: Optimizer,
): void {
  const undecayed = new Set(system.decoder.undecayed)
  const paths = treeEntries(trained).map(([path]) => path)
  const [p, g, m, v] = [trained, gradients, state.firstMoments, state.secondMoments].map(treeLeaves)
  const place = new Map(p.map(({ id }, i) => [id, i]))
  try {
    for (const [i, path] of paths.entries()) {
      const before = [p[i], g[i], m[i], v[i]] as const
      const attributes = adamwAttributes(optimizer, state.step, !undecayed.has(path))
      const after = tidy(() => adamw(...before, factor, attributes))
      p[i] = after.parameter
      m[i] = after.firstMoment
      v[i] = after.secondMoment
      disposeTree(before)
    }
  } finally {
    // Also where memory ends in between: the state's tensors are then those that live.
    state.params = treeMap(state.params, (leaf) => p[place.get(leaf.id)!] ?? leaf)
    state.firstMoments = treeWithLeaves(state.firstMoments, m)
    state.secondMoments = treeWithLeaves(state.secondMoments, v)
  }
}
