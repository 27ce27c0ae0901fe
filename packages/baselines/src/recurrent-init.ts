import { tf, type Random, type Tensor } from '@ttt-e2e/tensor-ops'

/**
 * The bias under a softplus with which steps start between 0.001 and 0.1, as likely in each decade: the inverse of softplus
 * at the step (Mamba's initialisation; Gated DeltaNet takes it over).
 */
export function initStepBias(random: Random, heads: number): Tensor {
  const biases = Float32Array.from({ length: heads }, () => {
    const step = Math.max(1e-4, 0.001 * 100 ** random.uniform())
    return step + Math.log(-Math.expm1(-step))
  })
  return tf.tensor1d(biases)
}

/** Logarithms of decay rates that are drawn evenly from (low, high]. */
export const initLogRate = (random: Random, heads: number, low: number, high: number): Tensor =>
  tf.tensor1d(Float32Array.from({ length: heads }, () => Math.log(high - (high - low) * random.uniform())))

/** Above this exp is no float32 any more. What decays at such a rate is gone within a token either way. */
const mostLogRate = 88.7

/** Decay rates of their logarithms: finite for every one, so that a step of 0 times a rate is 0, in gradients too. */
export const ratesOf = (logRate: Tensor): Tensor => tf.exp(tf.minimum(logRate, mostLogRate))
