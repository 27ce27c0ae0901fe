import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'

/** Normal(0, 0.02), as every linear layer and the embedding start. */
export function normalWeight(random: Random, shape: number[]): Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape))
  for (let i = 0; i < values.length; i++) values[i] = 0.02 * random.normal()
  return tf.tensor(values, shape)
}
