import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * What makes decay rates of their logits u: 'softplus' as in the paper, 'heavy-tail' as in the authors' code since: 1 + u
 * above 0 and 1/(1 − u) below, of the same value and slope at 0, which falls off far more slowly.
 */
export type DecayActivation = 'heavy-tail' | 'softplus'

export function decayRate(logits: Tensor, activation: DecayActivation): Tensor {
  if (activation === 'softplus') return tf.softplus(logits)
  const below = tf.div(1, tf.sub(1, tf.minimum(logits, 0)))
  return tf.where(tf.greaterEqual(logits, 0), tf.add(logits, 1), below)
}
