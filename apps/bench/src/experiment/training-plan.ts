import type { Schedule } from '@ttt-e2e/meta-outer'
import type { Benchmark } from '../tasks/benchmark'
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
  { recipe, untilConverged, task }: Pick<Benchmark, 'recipe' | 'untilConverged' | 'task'>,
  system: string,
): TrainingPlan {
  const standard = recipe.training.optimizer.schedule
  const { steps, peakLearningRate: peak } = standard
  const known = task.knownLosses?.(system)
  if (!untilConverged)
    return {
      steps,
      fewestSteps: steps,
      next: (losses) => (losses.length < steps ? standard : undefined),
      judged: (losses) => losses,
    }

  const { checkEvery, mostSteps, cooldownSteps } = untilConverged
  const most = Math.max(steps, mostSteps)
  // Returns where the cool-down begins, or the next step at which that is to be decided.
  const decide = (losses: number[]): { at: number; decided: boolean } => {
    let at = steps
    for (; at <= losses.length; at = Math.min(at + checkEvery, most))
      if (at === most || judgeConvergence(losses.slice(0, at), known).converged) return { at, decided: true }
    return { at, decided: false }
  }
  return {
    steps: most + cooldownSteps,
    fewestSteps: steps + cooldownSteps,
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
      return decided ? losses.slice(0, at) : losses
    },
  }
}
