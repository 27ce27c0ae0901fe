import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function linearCrossEntropyReference({ hidden, weight, targets }: Tensors): Tensors {
  const logits = tf.matMul(hidden, weight, false, true)
  const chosen = tf.cast(tf.oneHot(targets as never, weight.shape[0]), 'float32')
  const total = tf.logSumExp(logits, -1)
  const probabilities = tf.exp(tf.sub(logits, tf.expandDims(total, -1)))
  return {
    losses: tf.sub(total, tf.sum(tf.mul(logits, chosen), -1)),
    slopes: tf.matMul(tf.sub(probabilities, chosen), weight),
  }
}
