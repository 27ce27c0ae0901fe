import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function shortConvReference({ x, weight, state, bias }: Tensors, { silu }: { silu: number }): Tensors {
  const [batch, length, channels] = x.shape
  if (batch * length === 0) return { y: tf.clone(x), lastState: tf.clone(state) }
  const taps = weight.shape[1]!
  // [B, K − 1 + T, C]: token t sees rows t … t + K − 1.
  const inputs = tf.concat([tf.transpose(state, [0, 2, 1]), x], 1)
  const rows = tf.split(tf.transpose(weight), taps)
  let y = tf.mul(tf.slice(inputs, [0, 0, 0], [batch, length, channels]), rows[0])
  for (let j = 1; j < taps; j++)
    y = tf.add(y, tf.mul(tf.slice(inputs, [0, j, 0], [batch, length, channels]), rows[j]))
  if (bias) y = tf.add(y, bias)
  const last = tf.slice(inputs, [0, length, 0], [batch, taps - 1, channels])
  return { y: silu ? tf.mul(y, tf.sigmoid(y)) : y, lastState: tf.transpose(last, [0, 2, 1]) }
}
