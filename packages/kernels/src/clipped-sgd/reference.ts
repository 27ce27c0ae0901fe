import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function clippedSgdReference(
  inputs: Tensors,
  { maxNorm }: { maxNorm: number },
  count: number,
): Tensors {
  const indexes = Array.from({ length: count }, (_, i) => i)
  const batch = inputs.w0.shape[0]
  // tfjs has no gradients of broadcasts to no values.
  const filled = indexes.filter((i) => inputs[`g${i}`].size > 0)
  const squares = filled.map((i) => tf.sum(tf.reshape(tf.square(inputs[`g${i}`]), [batch, -1]), 1))
  const squaredNorm =
    squares.length === 0 ? tf.zeros([batch]) : squares.reduce((sum, square) => tf.add(sum, square))
  const clipped = tf.greaterEqual(squaredNorm, maxNorm ** 2)
  // The untaken branch gets a safe value: the root's infinite slope at 0 times 0 would be NaN.
  const safeNorm = tf.sqrt(tf.where(clipped, squaredNorm, tf.onesLike(squaredNorm)))
  const factor = tf.where(clipped, tf.div(maxNorm, safeNorm), tf.onesLike(squaredNorm))
  const outputs: Tensors = { norm: tf.sqrt(squaredNorm) }
  for (const i of indexes) {
    const { [`w${i}`]: weight, [`g${i}`]: gradient } = inputs
    const perSequence = tf.reshape(factor, [batch, ...gradient.shape.slice(1).map(() => 1)])
    outputs[`u${i}`] = filled.includes(i)
      ? tf.sub(weight, tf.mul(tf.mul(gradient, perSequence), inputs.rate))
      : tf.clone(weight)
  }
  return outputs
}
