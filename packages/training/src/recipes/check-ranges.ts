import { counted } from '@ttt-e2e/tensor-ops/counted'
import type { Recipe } from '@ttt-e2e/meta-outer'

/** Indices of tensors are whole numbers of 32 bits. */
const mostTokens = 2 ** 31 - 1

/** What float32 holds, with some room for what is multiplied by it. */
const smallest = 1e-30
const largest = 1e30
/** Float32 can't follow what fast weights become at larger ones, nor a decay by more than the weights. */
const highestRate = 1e4

/**
 * What is out of range in a recipe, its size apart (see `checkSizes`), whose fields are all there and of their types: stored runs may hold any numbers, one
 * that is about to begin or to go on may not.
 *
 * @returns a sentence for each problem, with the path that was set
 */
export function rangeProblems({ training, evaluation }: Recipe): string[] {
  const { schedule, weightDecay, maxNorm, epsilon } = training.optimizer
  const at = 'training.optimizer'
  const ranges: [path: string, value: number, least: number, most: number][] = [
    [`${at}.schedule.peakLearningRate`, schedule.peakLearningRate, 0, largest],
    [`${at}.schedule.endLearningRate`, schedule.endLearningRate, 0, largest],
    [`${at}.schedule.innerRateStart`, schedule.innerRateStart, 0, highestRate],
    [`${at}.weightDecay`, weightDecay, 0, highestRate],
    [`${at}.maxNorm`, maxNorm, smallest, largest],
    [`${at}.epsilon`, epsilon, smallest, largest],
  ]
  const warmups = (['warmupSteps', 'innerWarmupSteps'] as const).filter(
    (key) => schedule[key] > schedule.steps,
  )
  return [
    ...ranges
      .filter(([, value, least, most]) => !(value >= least && value <= most))
      .map(([path, value, least, most]) => `${path} is ${value}; it must be from ${least} to ${most}`),
    ...(schedule.steps < 1 ? [`${at}.schedule.steps is ${schedule.steps}; it must be from 1 up`] : []),
    ...warmups.map(
      (key) =>
        `${at}.schedule.${key} is ${schedule[key]}, longer than the run; it must be at most the ${counted(schedule.steps, 'step')}`,
    ),
    ...(training.curriculum && training.curriculum.steps > schedule.steps
      ? [
          `training.curriculum.steps is ${training.curriculum.steps}, longer than the run; it must be at most the ${counted(schedule.steps, 'step')}`,
        ]
      : []),
    ...(training.curriculum && training.curriculum.shortest > training.length
      ? [
          `training.curriculum.shortest is ${training.curriculum.shortest}, longer than the sequences; it must be at most training.length, ${training.length}`,
        ]
      : []),
    ...(training.batch * (training.length + 1) > mostTokens
      ? [
          `training.batch × training.length is ${training.batch} × ${training.length}; a batch has at most ${mostTokens} tokens`,
        ]
      : []),
    ...(Math.abs(training.seed) > Number.MAX_SAFE_INTEGER
      ? [`training.seed is ${training.seed}; it must be a whole number`]
      : []),
    ...(evaluation.documents > 0 && evaluation.length < 1
      ? [`evaluation.length is ${evaluation.length}; it must be from 1 up`]
      : []),
  ]
}
