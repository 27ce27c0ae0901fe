import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'

/** Full attention's RoPE base against the length that it is trained on at, both as multiples of the first ones (paper, §3). */
const publishedBases = [
  { times: 1, base: 1 },
  { times: 2, base: 2 },
  { times: 4, base: 4 },
  { times: 8, base: 10 },
  { times: 16, base: 20 },
]

/** The share of the first stage's peak rate: 4e-4 of 3e-3, as published for 125M. */
const rateShare = 4e-4 / 3e-3

/** As published: the base of the next longer length; beyond the longest, the longest's. */
export const baseFor = (times: number): number =>
  (publishedBases.find((row) => row.times >= times) ?? publishedBases.at(-1)!).base

/**
 * The recipe of the second stage at a longer context: about as many tokens a step as before, in longer sequences, at a
 * lower rate, with the RoPE base for that length; without a warm-up of the inner rate or a curriculum.
 *
 * @param stepsOfLength steps of as many tokens as before; fewer where a sequence alone has more
 */
export function extended(recipe: Recipe, length: number, stepsOfLength: number): Recipe {
  const { size, evaluation } = recipe
  const { curriculum: _curriculum, ...training } = recipe.training
  const tokens = training.batch * training.length
  const batch = Math.max(1, Math.round(tokens / length))
  const steps = Math.max(1, Math.round((stepsOfLength * tokens) / (batch * length)))
  const { peakLearningRate } = training.optimizer.schedule
  const schedule = { ...standardSchedule(steps, rateShare * peakLearningRate), innerWarmupSteps: 0 }
  return {
    ...recipe,
    size: { ...size, ropeTheta: size.ropeTheta * baseFor(length / training.length) },
    training: {
      ...training,
      length,
      batch,
      optimizer: standardOptimizer(schedule),
    },
    evaluation: { ...evaluation, every: steps },
  }
}
