import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'

/** Normal(0, 0.02), as every linear layer and the embedding start. */
export const normalWeight = (random: Random, shape: number[]): Tensor =>
  drawn(shape, () => 0.02 * random.normal())

/** Uniform in [−bound, bound). */
export const uniformWeight = (random: Random, shape: number[], bound: number): Tensor =>
  drawn(shape, () => bound * (2 * random.uniform() - 1))

function drawn(shape: number[], draw: () => number): Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < values.length; i++) values[i] = draw()
  return tf.tensor(values, shape)
}
