import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export function linearCrossEntropyReference({ hidden, weight, targets }: Tensors): Tensors {
  const logits = tf.matMul(hidden, weight, false, true)
  const chosen = tf.cast(tf.oneHot(targets as never, weight.shape[0]), 'float32')
  return { losses: tf.sub(tf.logSumExp(logits, -1), tf.sum(tf.mul(logits, chosen), -1)) }
}
