/** How learning rates go over a run of `steps` steps (definition: outer loop; the inner rate's warm-up). */
export interface Schedule {
  steps: number
  peakLearningRate: number
  endLearningRate: number
  /** Steps of linear warm-up from 0. */
  warmupSteps: number
  /** Steps over which the inner rate's multiplier rises from `innerRateStart` to 1; 0 for none. */
  innerWarmupSteps: number
  innerRateStart: number
}

/** The published schedule: 10 % warm-up, cosine to 1e-5; the inner rate from 0.1 of its value over the same 10 %. */
export function standardSchedule(steps: number, peakLearningRate: number): Schedule {
  const warmupSteps = Math.floor(steps / 10)
  return {
    steps,
    peakLearningRate,
    endLearningRate: 1e-5,
    warmupSteps,
    innerWarmupSteps: warmupSteps,
    innerRateStart: 0.1,
  }
}

/** @param step from 0: with a warm-up the first step only moves the moments */
export function learningRate(schedule: Schedule, step: number): number {
  const { steps, peakLearningRate: peak, endLearningRate: end, warmupSteps } = schedule
  if (step < warmupSteps) return (peak * step) / warmupSteps
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps))
  return end + (peak - end) * 0.5 * (1 + Math.cos(Math.PI * progress))
}

/** What the inner rate is multiplied by. @param step from 0 */
export function innerRateMultiplier(
  schedule: Pick<Schedule, 'innerWarmupSteps' | 'innerRateStart'>,
  step: number,
): number {
  const { innerWarmupSteps, innerRateStart } = schedule
  if (innerWarmupSteps === 0) return 1
  return innerRateStart + (1 - innerRateStart) * Math.min(1, (step + 1) / innerWarmupSteps)
}
