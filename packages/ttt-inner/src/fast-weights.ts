import { tf, treeLeaves, treeMap, treeWithLeaves, type Tensor } from '@ttt-e2e/tensor-ops'
import type { MlpWeights } from '@ttt-e2e/swa-transformer'

/** The weights that learn: the prime MLPs, with a batch axis, since every sequence has its own. */
export type FastWeights = readonly MlpWeights[]

/** W₀ for `batch` sequences: each [in, out] becomes [B, in, out]; differentiable. */
export function startFastWeights(prime: readonly MlpWeights[], batch: number): FastWeights {
  const copies = tf.ones([batch, 1, 1])
  return treeMap(prime as MlpWeights[], (weight: Tensor) => tf.mul(copies, tf.expandDims(weight, 0)))
}

/** What a step's decay goes towards, W₀ without a batch axis, and how far: a scalar share of the way. */
export type Decay = { start: readonly MlpWeights[]; share: Tensor }

/** W + share · (W₀ − W); differentiable in both. */
export function decayed(fast: FastWeights, { start, share }: Decay): FastWeights {
  const goals = treeLeaves(start)
  const leaves = treeLeaves(fast).map((weight, i) =>
    tf.add(weight, tf.mul(tf.sub(tf.expandDims(goals[i], 0), weight), share)),
  )
  return treeWithLeaves(fast, leaves)
}
