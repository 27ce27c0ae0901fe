import { adamw } from '@ttt-e2e/kernels/ops'
import {
  disposeTree,
  read,
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
import { fromParts, spanOf, type Bucket, type GradientParts, type PartedLeaf } from './gradient-parts'

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
      const own = concatenated(await read(bucket.leaves.map(({ index }) => leaves[index])))
      const all = await communicator.allGather(own, bucket.counts)
      if (communicator.rank > 0) continue
      const values = fromParts(bucket, parts.firstPieces, all)
      bucket.leaves.forEach(({ index, shape }, i) => (whole[index] = tf.tensor(values[i], shape)))
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
 * @param gradients this rank's part of each bucket, clipped already
 */
export async function updateParts(
  state: RunState,
  gradients: readonly Float32Array[],
  parts: GradientParts,
  communicator: Communicator,
  optimizer: Optimizer,
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
        // Clipped by the norm of all ranks' parts.
        tf.scalar(1),
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
      const updated = ownGradients(bucket, gradients[b], parts, communicator.rank).map((gradient, i) =>
        // Of small parameters a rank may hold nothing.
        gradient.length === 0 ? tf.zeros([0]) : updateOwn(bucket.leaves[i], gradient),
      )
      const own = concatenated(await read(updated))
      disposeTree(updated)
      const all = await communicator.allGather(own, bucket.counts)
      const values = fromParts(bucket, parts.firstPieces, all)
      bucket.leaves.forEach(({ index, shape }, i) => {
        p[index].dispose()
        p[index] = tf.tensor(values[i], shape)
      })
    }
  } finally {
    // Also where a rank is lost in between: the state's tensors are then those that live.
    state.params = treeMap(state.params, (leaf) => p[place.get(leaf.id)!] ?? leaf)
    state.firstMoments = treeWithLeaves(state.firstMoments, m)
    state.secondMoments = treeWithLeaves(state.secondMoments, v)
  }
}

/** What a rank has of the gradient of each of a bucket's leaves. */
function ownGradients(
  { leaves }: Bucket,
  gradients: Float32Array,
  { firstPieces }: GradientParts,
  rank: number,
): Float32Array[] {
  let end = 0
  return leaves.map((leaf) => {
    const { from, to } = spanOf(leaf, firstPieces, rank)
    return gradients.subarray(end, (end += to - from))
  })
}

const leavesOf = ({ buckets }: GradientParts) => buckets.flatMap(({ leaves }) => leaves)

/** A part of a tensor, flat; the caller's. */
const sliceOf = (tensor: Tensor, from: number, to: number): Tensor =>
  tidy(() => tf.slice(tf.reshape(tensor, [-1]), [from], [to - from]))

function concatenated(values: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(values.reduce((sum, each) => sum + each.length, 0))
  let end = 0
  for (const each of values) {
    all.set(each, end)
    end += each.length
  }
  return all
}
