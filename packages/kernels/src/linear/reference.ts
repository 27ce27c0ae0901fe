import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function linearReference({ x, weight }: Tensors): Tensors {
  const inWidth = x.shape[x.rank - 1]
  const outWidth = weight.shape[weight.rank - 1]
  const count = tf.util.sizeFromShape(x.shape.slice(weight.rank === 3 ? 1 : 0, -1))
  const rows = weight.rank === 3 ? [weight.shape[0], count, inWidth] : [count, inWidth]
  const product = tf.matMul(tf.reshape(x, rows), weight)
  return { y: tf.reshape(product, [...x.shape.slice(0, -1), outWidth]) }
}
