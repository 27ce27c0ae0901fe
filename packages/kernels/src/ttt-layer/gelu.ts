import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

const bend = 0.044715
const steepness = Math.sqrt(2 / Math.PI)
const geluTanh = (z: Tensor) => tf.tanh(tf.mul(tf.mul(z, tf.add(tf.mul(tf.square(z), bend), 1)), steepness))

/** gelu in its tanh form: z/2 · (1 + tanh(√(2/π) (z + 0.044715 z³))). */
export const gelu = (z: Tensor) => tf.mul(tf.mul(z, 0.5), tf.add(geluTanh(z), 1))

export function geluSlope(z: Tensor): Tensor {
  const t = geluTanh(z)
  const inner = tf.mul(tf.add(tf.mul(tf.square(z), 3 * bend), 1), steepness)
  const rise = tf.mul(tf.sub(1, tf.square(t)), inner)
  return tf.mul(tf.add(tf.add(t, 1), tf.mul(z, rise)), 0.5)
}
