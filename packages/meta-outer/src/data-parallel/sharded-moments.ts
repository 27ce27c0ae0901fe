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
import type { RunState } from '../run-state'
import { learningRate } from '../schedule'
import { trainedOf, type Optimizer } from '../train-step'
import { fromParts, spanOf, type GradientParts, type PartedLeaf } from './gradient-parts'

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
 * AdamW on this rank's part of every parameter, then everybody's parts together. Replaces the tensors of `state`.
 *
 * @param gradients this rank's part of each bucket, clipped already
 */
export async function updateParts(
  state: RunState,
  gradients: readonly Float32Array[],
  parts: GradientParts,
  communicator: Communicator,
  { schedule, beta1, beta2, epsilon, weightDecay }: Optimizer,
): Promise<void> {
  const updated = await updateOwn(state, gradients, parts, communicator.rank, {
    beta1,
    beta2,
    epsilon,
    weightDecay,
    learningRate: learningRate(schedule, state.step),
    step: state.step + 1,
  })
  const values = await Promise.all(
    parts.buckets.map(async (bucket, b) => {
      const all = await communicator.allGather(updated[b], bucket.counts)
      return fromParts(bucket, parts.firstPieces, all)
    }),
  )
  const leaves: Tensor[] = []
  parts.buckets.forEach((bucket, b) =>
    bucket.leaves.forEach(({ index, shape }, i) => (leaves[index] = tf.tensor(values[b][i], shape))),
  )
  const before = treeLeaves(trainedOf(state))
  const place = new Map(before.map(({ id }, i) => [id, i]))
  state.params = treeMap(state.params, (leaf) => leaves[place.get(leaf.id)!] ?? leaf)
  disposeTree(before)
}

/** Replaces this rank's moments. @returns its part of the parameters, by bucket */
async function updateOwn(
  state: RunState,
  gradients: readonly Float32Array[],
  parts: GradientParts,
  rank: number,
  options: Partial<Parameters<typeof adamw>[4]>,
): Promise<Float32Array[]> {
  const [params, first, second] = [trainedOf(state), state.firstMoments, state.secondMoments].map(treeLeaves)
  const own: (PartedLeaf & { from: number; to: number; gradient: Float32Array })[] = []
  parts.buckets.forEach(({ leaves }, b) => {
    let end = 0
    for (const leaf of leaves) {
      const { from, to } = spanOf(leaf, parts.firstPieces, rank)
      own.push({ ...leaf, from, to, gradient: gradients[b].subarray(end, (end += to - from)) })
    }
  })
  // AdamW takes those that don't decay last; of small parameters a rank may hold nothing.
  const some = own.filter(({ from, to }) => to > from)
  const ordered = [...some.filter(({ decays }) => decays), ...some.filter(({ decays }) => !decays)]
  const updated = tidy(() => {
    const { parameters, firstMoments, secondMoments } =
      ordered.length === 0
        ? { parameters: [], firstMoments: [], secondMoments: [] }
        : adamw(
            ordered.map(({ index, from, to }) => sliceOf(params[index], from, to)),
            ordered.map(({ gradient }) => tf.tensor(gradient, [gradient.length])),
            ordered.map(({ index }) => first[index]),
            ordered.map(({ index }) => second[index]),
            // The gradients are clipped: their norm is that of all ranks' parts.
            { ...options, maxNorm: 3e38, undecayed: some.filter(({ decays }) => !decays).length },
          )
    return { parameters, firstMoments, secondMoments }
  })
  const replaced: Tensor[] = []
  ordered.forEach(({ index }, i) => {
    replaced.push(first[index], second[index])
    first[index] = updated.firstMoments[i]
    second[index] = updated.secondMoments[i]
  })
  disposeTree(replaced)
  state.firstMoments = treeWithLeaves(state.firstMoments, first)
  state.secondMoments = treeWithLeaves(state.secondMoments, second)
  const values = await read(updated.parameters)
  const byLeaf = new Map(ordered.map(({ index }, i) => [index, values[i]]))
  const result = parts.buckets.map(({ leaves }) =>
    concatenated(leaves.map(({ index }) => byLeaf.get(index) ?? new Float32Array(0))),
  )
  disposeTree(updated.parameters)
  return result
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
