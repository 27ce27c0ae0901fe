import { tf, type Tensors } from '@ttt-e2e/tensor-ops'
import { inverseDeviation } from '../inverse-deviation'

export function rmsNormReference({ x, scale }: Tensors, { epsilon }: { epsilon: number }): Tensors {
  return { y: tf.mul(tf.mul(x, inverseDeviation(x, epsilon)), scale) }
}
