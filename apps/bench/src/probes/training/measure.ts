import { judgeConvergence } from '../../experiment/convergence'
import type { LiveMemory, RunContext } from '../probe'

export interface TrainingMeasured {
  /** Steps taken and to be taken. */
  steps: number
  plannedSteps: number
  tokens: number
  /** Training time, over all the times it was taken up again. */
  seconds: number
  /** Loss of each step. */
  curve: number[]
  /** Whether it had converged by the rule, and what the rule saw. */
  converged: boolean
  verdict: string
  /** Live tensors and bytes of the engine after the second step of this process and after its last. */
  memory?: { first: LiveMemory; last: LiveMemory }
  /** Why it ended before its time. */
  failure?: string
}

export async function measureTraining(context: RunContext): Promise<TrainingMeasured> {
  const { benchmark, system, run, plan } = context
  const curve = run.steps.map(({ loss }) => loss)
  return {
    steps: curve.length,
    plannedSteps: plan.next(curve)?.steps ?? curve.length,
    tokens: run.tokens,
    seconds: run.steps.reduce((sum, { seconds }) => sum + seconds, 0),
    curve,
    ...judgeConvergence(plan.judged(curve), benchmark.task.knownLosses?.(system)),
    memory: run.memory,
    failure: run.failure,
  }
}
