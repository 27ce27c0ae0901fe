import { fullLengthFrom, type Schedule } from '@ttt-e2e/meta-outer'
import { recipeOf, type Benchmark } from '../tasks/benchmark'
import { judgeConvergence } from './convergence'

/** When a run's learning rate falls and when it ends: a function of its learning curve, so that a resumed run agrees. */
export interface TrainingPlan {
  /** The most steps that it takes. */
  steps: number
  fewestSteps: number
  /** The schedule to go on by after these losses, until its steps are done; undefined at the end. */
  next(losses: number[]): Schedule | undefined
  /** The part of the curve that the convergence rule judges. */
  judged(losses: number[]): number[]
}

/** The plan of one system: a fixed number of steps, or as many as it takes to converge and a cool-down. */
export function planTraining(
  { untilConverged, task, ...given }: Pick<Benchmark, 'recipe' | 'rates' | 'untilConverged' | 'task'>,
  system: string,
): TrainingPlan {
  const { training } = recipeOf(given, { system, seed: 0 })
  const standard = training.optimizer.schedule
  // Losses of shorter sequences are those of another question.
  const shorter = fullLengthFrom(training)
  const atFullLength = (losses: number[]) => losses.slice(shorter)
  const { steps, peakLearningRate: peak } = standard
  const known = task.knownLosses?.(system)
  if (!untilConverged)
    return {
      steps,
      fewestSteps: steps,
      next: (losses) => (losses.length < steps ? standard : undefined),
      judged: atFullLength,
    }

  const { checkEvery, mostSteps, cooldownSteps } = untilConverged
  const fewest = shorter + steps
  const most = Math.max(fewest, mostSteps)
  // Returns where the cool-down begins, or the next step at which that is to be decided.
  const decide = (losses: number[]): { at: number; decided: boolean } => {
    let at = fewest
    for (; at <= losses.length; at = Math.min(at + checkEvery, most))
      if (at === most || judgeConvergence(atFullLength(losses.slice(0, at)), known).converged)
        return { at, decided: true }
    return { at, decided: false }
  }
  return {
    steps: most + cooldownSteps,
    fewestSteps: fewest + cooldownSteps,
    next(losses) {
      const { at, decided } = decide(losses)
      // The cosine between equal ends is constant; begun at `at`, it is the cool-down.
      if (!decided) return { ...standard, steps: at, endLearningRate: peak }
      return losses.length < at + cooldownSteps
        ? { ...standard, steps: at + cooldownSteps, warmupSteps: at }
        : undefined
    },
    judged(losses) {
      const { at, decided } = decide(losses)
      return atFullLength(decided ? losses.slice(0, at) : losses)
    },
  }
}
