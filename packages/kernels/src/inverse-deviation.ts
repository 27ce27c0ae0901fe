import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * 1 / √(mean x² + ε) over the last axis. Its derivatives of every order are made of itself and of x beside its own size:
 * powers of mean x², as the derivatives of a square root are, leave float32's range long before x does.
 *
 * @param x [..., n] @returns [..., 1]
 */
export function inverseDeviation(x: Tensor, epsilon: number): Tensor {
  return tf.customGrad((given, save) => {
    const of = given as Tensor
    ;(save as (tensors: Tensor[]) => void)([of])
    return {
      value: tf.rsqrt(tf.add(tf.mean(tf.square(of), -1, true), epsilon)),
      gradFunc: (slope: Tensor, [saved]: Tensor[]) => {
        const inverse = inverseDeviation(saved, epsilon)
        const along = tf.mul(tf.mul(saved, inverse), -1 / saved.shape.at(-1)!)
        return tf.mul(tf.mul(tf.mul(slope, inverse), inverse), along)
      },
    }
  })(x)
}
