import { read, tf, tidy, treeEntries, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { FastWeights } from './fast-weights'

/** How far one tensor of fast weights is from another of the same place, or from zero. */
export interface WeightDistance {
  /** Its place: `0.w1`. */
  name: string
  /** ‖to − from‖₂ or ‖to‖₂, of all sequences together. */
  distance: number
}

/**
 * How far fast weights are from others, tensor by tensor; waits for one reading.
 *
 * @param from zero where left out
 */
export async function weightDistances(to: FastWeights, from?: FastWeights): Promise<WeightDistance[]> {
  const start = from && treeEntries(from as TensorTree)
  const end = treeEntries(to as TensorTree)
  const squareOf = (tensor: Tensor, i: number) =>
    start ? tf.squaredDifference(tensor, start[i][1]) : tf.square(tensor)
  const sums = tidy(() => tf.stack(end.map(([, tensor], i) => tidy(() => tf.sum(squareOf(tensor, i))))))
  try {
    const values = await read(sums)
    return end.map(([name], i) => ({ name, distance: Math.sqrt(values[i]) }))
  } finally {
    sums.dispose()
  }
}
