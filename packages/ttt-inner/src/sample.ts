import type { Random } from '@ttt-e2e/tensor-ops'

export interface SamplingOptions {
  /** 0 takes the likeliest token; 1 (the default) samples from the model's own distribution. */
  temperature?: number
  /** Samples among the likeliest tokens that together hold this probability (nucleus sampling); 1 for all. */
  topP?: number
}

/** Draws a token. @param logits [V] */
export function sampleToken(logits: Float32Array, random: Random, options: SamplingOptions = {}): number {
  const { temperature = 1, topP = 1 } = options
  const highest = logits.reduce((best, logit, token) => (logit > logits[best] ? token : best), 0)
  if (temperature === 0) return highest
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - logits[highest]) / temperature))
  const byWeight = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let count = 0
  let held = 0
  while (count < byWeight.length && (count === 0 || held < topP * total)) held += weights[byWeight[count++]]
  let rest = random.uniform() * held
  for (let i = 0; i < count; i++) {
    rest -= weights[byWeight[i]]
    if (rest < 0) return byWeight[i]
  }
  return byWeight[count - 1]
}
