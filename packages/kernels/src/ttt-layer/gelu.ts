import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

const bend = 0.044715
const steepness = Math.sqrt(2 / Math.PI)
/** The tanh is ±1 to the last bit long before; further out its polynomials, times 0, would leave float32. */
const furthest = 20
const near = (z: Tensor) => tf.minimum(tf.maximum(z, -furthest), furthest)
const geluTanh = (z: Tensor) => tf.tanh(tf.mul(tf.mul(z, tf.add(tf.mul(tf.square(z), bend), 1)), steepness))

/** gelu in its tanh form: z/2 · (1 + tanh(√(2/π) (z + 0.044715 z³))). */
export const gelu = (z: Tensor) => tf.mul(tf.mul(z, 0.5), tf.add(geluTanh(near(z)), 1))

export function geluSlope(z: Tensor): Tensor {
  const x = near(z)
  const t = geluTanh(x)
  const inner = tf.mul(tf.add(tf.mul(tf.square(x), 3 * bend), 1), steepness)
  const rise = tf.mul(tf.sub(1, tf.square(t)), inner)
  return tf.mul(tf.add(tf.add(t, 1), tf.mul(x, rise)), 0.5)
}
