import { tf, type Tensors } from '@ttt-e2e/tensor-ops'

export const adamwDefaults = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  maxNorm: 1,
  /** Counts from 1. */
  step: 1,
  /** How many of the parameters, the last ones, don't decay. */
  undecayed: 0,
}
export type AdamwAttributes = typeof adamwDefaults

export function adamwReference(inputs: Tensors, options: AdamwAttributes, count: number): Tensors {
  const { learningRate, beta1, beta2, epsilon, weightDecay, maxNorm, step, undecayed } = options
  const indexes = Array.from({ length: count }, (_, i) => i)
  const squares = indexes.map((i) => tf.sum(tf.square(inputs[`g${i}`])))
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)))
  const factor = tf.where(tf.less(norm, maxNorm), tf.onesLike(norm), tf.div(maxNorm, norm))
  const outputs: Tensors = { norm }
  for (const i of indexes) {
    const gradient = tf.mul(inputs[`g${i}`], factor)
    const m = tf.add(tf.mul(inputs[`m${i}`], beta1), tf.mul(gradient, 1 - beta1))
    const v = tf.add(tf.mul(inputs[`v${i}`], beta2), tf.mul(tf.square(gradient), 1 - beta2))
    const root = tf.add(tf.sqrt(tf.div(v, 1 - beta2 ** step)), epsilon)
    const decay = i < count - undecayed ? weightDecay : 0
    const change = tf.add(tf.div(tf.div(m, 1 - beta1 ** step), root), tf.mul(inputs[`p${i}`], decay))
    outputs[`new_p${i}`] = tf.sub(inputs[`p${i}`], tf.mul(change, learningRate))
    outputs[`new_m${i}`] = m
    outputs[`new_v${i}`] = v
  }
  return outputs
}
