import { adamw } from '@ttt-e2e/kernels/ops'
import {
  disposeTree,
  readInto,
  tf,
  tidy,
  treeLeaves,
  treeMap,
  treeWithLeaves,
  type Communicator,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { adamwAttributes, type Optimizer } from '../optimizer'
import type { RunState } from '../run-state'
import { trainedOf } from '../train-step'
import { placesOf, sizeOf, spanOf, type Bucket, type GradientParts, type PartedLeaf } from './gradient-parts'
import type { ReusedArrays } from './reused-arrays'

/** Keeps this rank's part of each moment, flat, in place of the whole one. */
export function shardMoments(state: RunState, parts: GradientParts, { rank }: Communicator): void {
  const shard = (moments: TensorTree): TensorTree => {
    const leaves = treeLeaves(moments)
    const own = [...leaves]
    for (const leaf of leavesOf(parts)) {
      const { from, to } = spanOf(leaf, parts.firstPieces, rank)
      own[leaf.index] = sliceOf(leaves[leaf.index], from, to)
    }
    disposeTree(moments)
    return treeWithLeaves(moments, own)
  }
  state.firstMoments = shard(state.firstMoments)
  state.secondMoments = shard(state.secondMoments)
}

/**
 * The whole moments, gathered bucket by bucket at all ranks and kept by the first; all ranks call it together.
 *
 * @returns undefined at the others
 */
export async function wholeState(
  state: RunState,
  parts: GradientParts,
  communicator: Communicator,
): Promise<RunState | undefined> {
  const gather = async (moments: TensorTree): Promise<TensorTree> => {
    const leaves = treeLeaves(moments)
    const whole = [...leaves]
    for (const bucket of parts.buckets) {
      const own = new Float32Array(bucket.counts[communicator.rank])
      await readInto(
        bucket.leaves.map(({ index }) => leaves[index]),
        ownParts(bucket, own, parts, communicator.rank).map((each) => [each]),
      )
      const all = await communicator.allGather(own, bucket.counts)
      if (communicator.rank > 0) continue
      placesOf(bucket, parts.firstPieces, all).forEach((places, i) => {
        const { index, shape } = bucket.leaves[i]
        whole[index] = wholeLeaf(places, shape)
      })
    }
    return treeWithLeaves(moments, whole)
  }
  const firstMoments = await gather(state.firstMoments)
  const secondMoments = await gather(state.secondMoments)
  return communicator.rank > 0 ? undefined : { ...state, firstMoments, secondMoments }
}

/**
 * AdamW on this rank's part of every parameter, then everybody's parts together, bucket by bucket: what a bucket's parameters
 * and moments were is freed before the next one's are made. Replaces the tensors of `state`.
 *
 * @param gradients this rank's part of each bucket
 * @param factor by which all of them are made means, and clipped
 * @param arrays what travels is put there
 */
export async function updateParts(
  state: RunState,
  gradients: readonly Float32Array[],
  factor: number,
  parts: GradientParts,
  communicator: Communicator,
  optimizer: Optimizer,
  arrays: ReusedArrays,
): Promise<void> {
  const [p, m, v] = [trainedOf(state), state.firstMoments, state.secondMoments].map(treeLeaves)
  const place = new Map(p.map(({ id }, i) => [id, i]))
  /** @returns the part of the leaf's parameter that is this rank's, after the step */
  const updateOwn = (leaf: PartedLeaf, gradient: Float32Array): Tensor => {
    const { index, decays } = leaf
    const { from, to } = spanOf(leaf, parts.firstPieces, communicator.rank)
    const after = tidy(() =>
      adamw(
        sliceOf(p[index], from, to),
        tf.tensor(gradient, [to - from]),
        m[index],
        v[index],
        tf.scalar(factor),
        adamwAttributes(optimizer, state.step, decays),
      ),
    )
    disposeTree([m[index], v[index]])
    m[index] = after.firstMoment
    v[index] = after.secondMoment
    return after.parameter
  }
  try {
    for (const [b, bucket] of parts.buckets.entries()) {
      const own = ownParts(bucket, gradients[b], parts, communicator.rank)
      const updated = own.map((gradient, i) =>
        // Of small parameters a rank may hold nothing.
        gradient.length === 0 ? tf.zeros([0]) : updateOwn(bucket.leaves[i], gradient),
      )
      // In place of the gradients, which were taken.
      await readInto(
        updated,
        own.map((each) => [each]),
      )
      disposeTree(updated)
      const all = await communicator.allGather(gradients[b], bucket.counts, arrays.take(sizeOf(bucket)))
      placesOf(bucket, parts.firstPieces, all).forEach((places, i) => {
        const { index, shape } = bucket.leaves[i]
        p[index].dispose()
        p[index] = wholeLeaf(places, shape)
      })
      arrays.give(all)
    }
  } finally {
    // Also where a rank is lost in between: the state's tensors are then those that live.
    state.params = treeMap(state.params, (leaf) => p[place.get(leaf.id)!] ?? leaf)
    state.firstMoments = treeWithLeaves(state.firstMoments, m)
    state.secondMoments = treeWithLeaves(state.secondMoments, v)
  }
}

/** What a rank has of each of a bucket's leaves. */
function ownParts(
  { leaves }: Bucket,
  own: Float32Array,
  { firstPieces }: GradientParts,
  rank: number,
): Float32Array[] {
  let end = 0
  return leaves.map((leaf) => {
    const { from, to } = spanOf(leaf, firstPieces, rank)
    return own.subarray(end, (end += to - from))
  })
}

const leavesOf = ({ buckets }: GradientParts) => buckets.flatMap(({ leaves }) => leaves)

/** A part of a tensor, flat; the caller's. */
const sliceOf = (tensor: Tensor, from: number, to: number): Tensor =>
  tidy(() => tf.slice(tf.reshape(tensor, [-1]), [from], [to - from]))

/** A whole leaf of its ranks' parts, as a tensor. */
const wholeLeaf = (places: readonly Float32Array[], shape: number[]): Tensor =>
  tidy(() =>
    places.length > 1
      ? tf.reshape(tf.concat(places.map((part) => tf.tensor1d(part))), shape)
      : // Engines may keep the array that a tensor is made of.
        tf.tensor(places[0].slice(), shape),
  )
