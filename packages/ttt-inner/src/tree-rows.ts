import {
  tf,
  tidy,
  treeLeaves,
  treeMap,
  treeWithLeaves,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'

/** Trees of rows [n, …] one under the other; those given stay as they are. @param trees of one form, one at least */
export function stackedRows<T extends TensorTree>(trees: readonly T[]): T {
  const leaves = trees.map(treeLeaves)
  return tidy(() =>
    treeWithLeaves(
      trees[0],
      leaves[0].map((_, i) => concat(leaves.map((each) => each[i]))),
    ),
  )
}

/** Some rows of a tree; the one given stays as it is. */
export const rowsOf = <T extends TensorTree>(tree: T, start: number, count: number): T =>
  tidy(() => treeMap(tree, (tensor) => slice(tensor, start, count)))

// A cache that has no slot yet has no values, which some engines' own kernels take for a mistake.
function concat(parts: readonly Tensor[]): Tensor {
  if (parts[0].size > 0) return tf.concat([...parts], 0)
  return tf.zeros([parts.reduce((rows, { shape }) => rows + shape[0], 0), ...parts[0].shape.slice(1)])
}
const slice = (tensor: Tensor, start: number, count: number): Tensor =>
  tensor.size > 0 ? tf.slice(tensor, [start], [count]) : tf.zeros([count, ...tensor.shape.slice(1)])
