import { sharesOf, treeEntries, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'

/** Elements that stay together, the widest vectors of any engine: what is done with each is the same in any part. */
const grain = 16
/** The least pieces that a parameter is cut into; ranks of any power of two up to it hold whole ones. */
const fewestPieces = 64

/** A parameter, flat, cut into pieces of neighbouring elements; ranks hold equally many pieces of it. */
export interface PartedLeaf {
  /** Its place among the parameters' leaves. */
  index: number
  path: string
  shape: number[]
  size: number
  decays: boolean
  /** Where each piece begins, and the end [pieces + 1]. */
  pieces: number[]
}

/** Parameters whose gradients are sent together. */
export interface Bucket {
  leaves: PartedLeaf[]
  /** Elements that each rank holds [size]. */
  counts: number[]
}

/** Which rank holds what of the parameters' gradients and moments (ZeRO-1), and which of them travel together. */
export interface GradientParts {
  buckets: Bucket[]
  /** Of a leaf's pieces, the first that each rank holds, and the end [size + 1]. */
  firstPieces: number[]
  /** How many pieces each leaf has. */
  pieces: number
}

/**
 * @param params those that are trained
 * @param order leaves as their gradients become final: those that follow each other travel together
 * @param bucketElements fewest elements that are sent at once, the last bucket's apart
 */
export function partGradients(
  system: System,
  params: TensorTree,
  order: readonly Tensor[],
  ranks: number,
  bucketElements: number,
): GradientParts {
  const pieces = Number.isInteger(fewestPieces / ranks) ? fewestPieces : ranks
  const firstPieces = edges(sharesOf(pieces, ranks))
  const spared = new Set(system.decoder.undecayed)
  const entries = treeEntries(params)
  const indexes = new Map(entries.map(([, leaf], index) => [leaf, index]))
  const buckets: Bucket[] = []
  let open: PartedLeaf[] = []
  const close = () => {
    const counts = Array.from({ length: ranks }, (_, rank) =>
      open.reduce((sum, leaf) => sum + countOf(leaf, firstPieces, rank), 0),
    )
    buckets.push({ leaves: open, counts })
    open = []
  }
  for (const tensor of order) {
    const index = indexes.get(tensor)!
    const [path, { shape, size }] = entries[index]
    const cut = edges(sharesOf(Math.ceil(size / grain), pieces)).map((edge) => Math.min(size, edge * grain))
    open.push({ index, path, shape, size, decays: !spared.has(path), pieces: cut })
    if (open.reduce((sum, leaf) => sum + leaf.size, 0) >= bucketElements) close()
  }
  if (open.length > 0) close()
  return { buckets, firstPieces, pieces }
}

/** Where things lie one after another, with the end. */
const edges = (counts: readonly number[]): number[] =>
  counts.reduce<number[]>((all, count) => [...all, all[all.length - 1] + count], [0])

/** Where a rank's part of a leaf begins and ends. */
export function spanOf(
  { pieces }: PartedLeaf,
  firstPieces: readonly number[],
  rank: number,
): { from: number; to: number } {
  return { from: pieces[firstPieces[rank]], to: pieces[firstPieces[rank + 1]] }
}

function countOf(leaf: PartedLeaf, firstPieces: readonly number[], rank: number): number {
  const { from, to } = spanOf(leaf, firstPieces, rank)
  return to - from
}

/** Elements of all ranks. */
export const sizeOf = ({ counts }: Bucket): number => counts.reduce((sum, count) => sum + count, 0)

/** Where each leaf's values stand among the parts of all ranks, one after another: of a leaf in their order. */
export function placesOf(
  { leaves, counts }: Bucket,
  firstPieces: readonly number[],
  all: Float32Array,
): Float32Array[][] {
  const places: Float32Array[][] = leaves.map(() => [])
  let end = 0
  for (let rank = 0; rank < counts.length; rank++)
    leaves.forEach((leaf, i) => {
      const { from, to } = spanOf(leaf, firstPieces, rank)
      if (to > from) places[i].push(all.subarray(end, (end += to - from)))
    })
  return places
}
