import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function ropeReference({ x }: Tensors, { theta, offset }: { theta: number; offset: number }): Tensors {
  const [batch, length, heads, width] = x.shape
  const pairs = width / 2
  const angles = Array.from({ length }, (_, t) =>
    Array.from({ length: pairs }, (_, i) => [(offset + t) * theta ** ((-2 * i) / width)]),
  )
  const table = (f: (angle: number) => number) =>
    tf.tensor4d([angles.map((row) => [...row.map(([angle]) => [f(angle)])])], [1, length, pairs, 1])
  const cos = tf.reshape(table(Math.cos), [1, length, 1, pairs, 1])
  const sin = tf.reshape(table(Math.sin), [1, length, 1, pairs, 1])
  const [a, b] = tf.split(tf.reshape(x, [batch, length, heads, pairs, 2]), 2, 4)
  const turned = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(a, sin), tf.mul(b, cos))]
  return { y: tf.reshape(tf.concat(turned, 4), x.shape) }
}
