import { isForm, tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'

/** Normal(0, 0.02), as every linear layer and the embedding start. */
export const normalWeight = (random: Random, shape: number[]): Tensor =>
  drawn(shape, () => 0.02 * random.normal())

/** What a linear layer gives, with its bias where it has one. */
export const biased = (y: Tensor, bias?: Tensor): Tensor => (bias ? tf.add(y, bias) : y)

/** Uniform in [−bound, bound). */
export const uniformWeight = (random: Random, shape: number[], bound: number): Tensor =>
  drawn(shape, () => bound * (2 * random.uniform() - 1))

/** A causal depthwise convolution: weight [D, K], bias [D]. */
export type ConvParams = { weight: Tensor; bias: Tensor }

/** Drawn as PyTorch draws a convolution: uniform in ±1/√K. */
export const initConv = (random: Random, channels: number, taps: number): ConvParams => ({
  weight: uniformWeight(random, [channels, taps], 1 / Math.sqrt(taps)),
  bias: uniformWeight(random, [channels], 1 / Math.sqrt(taps)),
})

function drawn(shape: number[], draw: () => number): Tensor {
  if (isForm()) return tf.zeros(shape)
  const values = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < values.length; i++) values[i] = draw()
  return tf.tensor(values, shape)
}
