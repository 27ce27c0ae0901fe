import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export const adamwDefaults = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  /** Counts from 1. */
  step: 1,
}
export type AdamwAttributes = typeof adamwDefaults

export function adamwReference(inputs: Tensors, options: AdamwAttributes): Tensors {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = options
  const { p, g, m, v, factor } = inputs
  const gradient = tf.mul(g, factor)
  const first = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1))
  const second = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2))
  const root = tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** step)), epsilon)
  const change = tf.add(tf.div(tf.div(first, 1 - beta1 ** step), root), tf.mul(p, weightDecay))
  return { new_p: tf.sub(p, tf.mul(change, learningRate)), new_m: first, new_v: second }
}
