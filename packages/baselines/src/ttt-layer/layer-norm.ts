import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

export type LayerNormParams = { scale: Tensor; shift: Tensor }

/** (x − mean) / √(variance + epsilon) · scale + shift over the last axis. */
export function layerNorm(x: Tensor, { scale, shift }: LayerNormParams, epsilon: number): Tensor {
  const centered = tf.sub(x, tf.mean(x, -1, true))
  const variance = tf.mean(tf.square(centered), -1, true)
  return tf.add(tf.mul(tf.mul(centered, tf.rsqrt(tf.add(variance, epsilon))), scale), shift)
}
