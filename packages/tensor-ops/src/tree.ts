import { tf, type Tensor } from './tf'

/** A tensor, or an object or array of trees of tensors; a branch may be absent. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree | undefined }

const branches = (tree: TensorTree): [name: string, child: TensorTree][] =>
  Object.entries(tree).filter((entry): entry is [string, TensorTree] => entry[1] !== undefined)

/** The path of a branch. */
const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

const isTensor = (tree: TensorTree): tree is Tensor => tree instanceof tf.Tensor

/** The leaves with their path names (`blocks.0.attention.wq`), in the order of the keys. The root tensor's path is ''. */
export function treeEntries(tree: TensorTree, path = ''): [path: string, tensor: Tensor][] {
  if (isTensor(tree)) return [[path, tree]]
  return branches(tree).flatMap(([name, child]) => treeEntries(child, joined(path, name)))
}

export function treeLeaves(tree: TensorTree): Tensor[] {
  const leaves: Tensor[] = []
  collectLeaves(tree, leaves)
  return leaves
}

// Asked for all trees of every program that runs: no closures, no pairs of names.
function collectLeaves(tree: TensorTree, leaves: Tensor[]): void {
  if (isTensor(tree)) leaves.push(tree)
  else
    for (const child of Object.values(tree) as (TensorTree | undefined)[])
      if (child !== undefined) collectLeaves(child, leaves)
}

/** A tree of the same form with each leaf replaced; `map` also gets the leaf's path. */
export function treeMap<T extends TensorTree>(tree: T, map: (leaf: Tensor, path: string) => Tensor): T {
  return mapNode(tree, '', map) as T
}

function mapNode(node: TensorTree, path: string, map: (leaf: Tensor, path: string) => Tensor): TensorTree {
  if (isTensor(node)) return map(node, path)
  const mapped = branches(node).map(
    ([name, child]) => [name, mapNode(child, joined(path, name), map)] as const,
  )
  return Array.isArray(node) ? mapped.map(([, child]) => child) : Object.fromEntries(mapped)
}

/** A tree of the same form whose leaves are taken in order from `leaves`. */
export function treeWithLeaves<T extends TensorTree>(tree: T, leaves: readonly Tensor[]): T {
  let next = 0
  const result = treeMap(tree, () => leaves[next++])
  if (next !== leaves.length) throw new Error(`the tree has ${next} leaves, ${leaves.length} were given`)
  return result
}

/** The leaves that are wanted, each at its path; of a branch without any an empty one stays. */
export function treeSelect(tree: TensorTree, wanted: (path: string, leaf: Tensor) => boolean): TensorTree {
  const walk = (node: TensorTree, path: string): TensorTree | undefined => {
    if (isTensor(node)) return wanted(path, node) ? node : undefined
    const chosen = branches(node).map(([name, child]) => [name, walk(child, joined(path, name))] as const)
    // Places in a list are names: those before one that is wanted stay.
    if (Array.isArray(node)) return chosen.map(([, child]) => child ?? {})
    return Object.fromEntries(chosen.filter(([, child]) => child !== undefined))
  }
  return walk(tree, '') ?? {}
}

export function disposeTree(tree: TensorTree): void {
  for (const leaf of treeLeaves(tree)) leaf.dispose()
}

/** Bytes held by the leaves. */
export function treeBytes(tree: TensorTree): number {
  return treeLeaves(tree).reduce((sum, leaf) => sum + leaf.size * tf.util.bytesPerElement(leaf.dtype), 0)
}

/** Number of values in the leaves. */
export function treeSize(tree: TensorTree): number {
  return treeLeaves(tree).reduce((sum, leaf) => sum + leaf.size, 0)
}
