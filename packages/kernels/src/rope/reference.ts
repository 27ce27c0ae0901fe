import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function ropeReference(
  { x }: Tensors,
  { theta, offset, period }: { theta: number; offset: number; period: number },
): Tensors {
  const [batch, length, heads, width] = x.shape
  const pairs = width / 2
  // Angles in float64: only their cosines and sines are rounded.
  const table = (f: (angle: number) => number) => {
    const place = (token: number) => (period === 0 ? offset + token : (offset + token) % period)
    const angle = (i: number) => place(Math.floor(i / pairs)) * theta ** ((-2 * (i % pairs)) / width)
    return tf.tensor(
      Array.from({ length: length * pairs }, (_, i) => f(angle(i))),
      [1, length, 1, pairs, 1],
    )
  }
  const cos = table(Math.cos)
  const sin = table(Math.sin)
  const [a, b] = tf.split(tf.reshape(x, [batch, length, heads, pairs, 2]), 2, 4)
  const turned = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(a, sin), tf.mul(b, cos))]
  return { y: tf.reshape(tf.concat(turned, 4), x.shape) }
}
