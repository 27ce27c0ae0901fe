import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function gradientClipReference(inputs: Tensors, { maxNorm }: { maxNorm: number }): Tensors {
  const squares = Object.values(inputs).map((gradient) => tf.sum(tf.square(gradient)))
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)))
  return { norm, factor: tf.where(tf.less(norm, maxNorm), tf.onesLike(norm), tf.div(maxNorm, norm)) }
}
