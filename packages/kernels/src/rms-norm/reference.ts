import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function rmsNormReference({ x, scale }: Tensors, { epsilon }: { epsilon: number }): Tensors {
  const meanSquare = tf.mean(tf.square(x), -1, true)
  return { y: tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), scale) }
}
