import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * With z = |x|/√2 and t = 2/(2 + z): log(erfc(z)/t) + z² as a polynomial of u = (t − 0.625)/0.375, the powers of u in
 * order. Interpolated at Chebyshev nodes over z ≤ 6; its error is below 1e-12.
 */
const coefficients = [
  -0.501436725921, 0.515312687023, 0.00557076193569, -0.0215236425584, 0.000493532568606, 0.00202876534526,
  -0.00033022705668, -0.000194953733477, 8.14994143181e-5, 9.05046150468e-6, -1.36687876804e-5,
  2.0660401745e-6, 1.49952663975e-6, -6.38727513547e-7, -7.77314994593e-8, 7.22010895515e-8,
]
const furthest = 6

/**
 * Φ(x), the normal distribution function, to float64: the gate of the exact GELU, x Φ(x). tfjs's own erf is an
 * approximation to 1e-7 that its derivative doesn't belong to.
 */
export const normalCdf = (x: Tensor): Tensor =>
  tf.customGrad((given, save) => {
    const x = given as Tensor
    ;(save as (tensors: Tensor[]) => void)([x])
    const z = tf.minimum(tf.mul(tf.abs(x), Math.SQRT1_2), furthest)
    const t = tf.div(2, tf.add(z, 2))
    const u = tf.div(tf.sub(t, 0.625), 0.375)
    let power: Tensor = tf.fill(x.shape, coefficients[coefficients.length - 1])
    for (let i = coefficients.length - 2; i >= 0; i--) power = tf.add(tf.mul(power, u), coefficients[i])
    const tail = tf.mul(tf.mul(t, 0.5), tf.exp(tf.sub(power, tf.square(z))))
    return {
      value: tf.where(tf.less(x, 0), tail, tf.sub(1, tail)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, normalDensity(saved[0])),
    }
  })(x)

/** exp(−x²/2) / √(2π) */
export const normalDensity = (x: Tensor): Tensor =>
  tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
