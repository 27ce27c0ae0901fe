import { tf, treeMap, type Tensor } from '@ttt-e2e/tensor-ops'
import type { MlpWeights } from '@ttt-e2e/swa-transformer'

/** The weights that learn: the prime MLPs, with a batch axis, since every sequence has its own. */
export type FastWeights = readonly MlpWeights[]

/** W₀ for `batch` sequences: each [in, out] becomes [B, in, out]; differentiable. */
export function startFastWeights(prime: readonly MlpWeights[], batch: number): FastWeights {
  const copies = tf.ones([batch, 1, 1])
  return treeMap(prime as MlpWeights[], (weight: Tensor) => tf.mul(copies, tf.expandDims(weight, 0)))
}
