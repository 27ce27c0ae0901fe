import { SizeError } from '@ttt-e2e/swa-transformer'
import { treeLeaves, treeSelect, treeWithLeaves, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'

/**
 * Which parameters the outer loop trains: all; `suffix`, the blocks that learn while they read, the last norm and a head
 * of its own; `prime`, W₀ and the norms of the prime MLPs. The others stay as they are, and cost no gradient.
 */
export const trainedParts = ['all', 'suffix', 'prime'] as const
export type TrainedPart = (typeof trainedParts)[number]

/**
 * The parameters of a part, at their paths; the tensors are those of `params`.
 *
 * @throws SizeError for a part of a system without blocks that learn while they read
 */
export function trainedTree({ name, decoder }: System, params: Params, part: TrainedPart): TensorTree {
  if (part === 'all') return params
  const { prefixBlocks, config } = decoder
  if (config.suffixBlocks === 0)
    throw new SizeError(
      `'${name}' has no blocks that learn while they read, of which '${part}' would be a part`,
    )
  // A prime MLP that is split off its block's own shares the norms of that.
  const ofPrime = config.prime?.split ? 'feedForward.norms.' : 'prime.'
  return treeSelect(params, (path) => {
    const [, block, rest = path] = /^blocks\.(\d+)\.(.+)$/.exec(path) ?? []
    if (block === undefined) return rest.startsWith('prime.') || (part === 'suffix' && rest !== 'embedding')
    return Number(block) >= prefixBlocks && (part === 'suffix' || rest.startsWith(ofPrime))
  })
}

/** The tensors that gradients are asked for, by id; undefined for all. */
export type TrainedLeaves = ReadonlySet<number> | undefined

export const trainedLeaves = (trained: TensorTree | undefined): TrainedLeaves =>
  trained && new Set(treeLeaves(trained).map(({ id }) => id))

export const hasTrained = (tree: TensorTree, trained: TrainedLeaves): boolean =>
  trained === undefined || treeLeaves(tree).some(({ id }) => trained.has(id))

/** A tree in two lists, those leaves that gradients are asked for and the others; `join` makes the tree of them again. */
export function divide<T extends TensorTree>(tree: T, trained: TrainedLeaves) {
  const leaves = treeLeaves(tree)
  const isTrained = leaves.map(({ id }) => trained === undefined || trained.has(id))
  return {
    trained: leaves.filter((_, i) => isTrained[i]),
    frozen: leaves.filter((_, i) => !isTrained[i]),
    join(given: readonly Tensor[], others: readonly Tensor[]): T {
      let [next, nextFrozen] = [0, 0]
      return treeWithLeaves(
        tree,
        isTrained.map((own) => (own ? given[next++] : others[nextFrozen++])),
      )
    },
  }
}
