import { pause } from '@ttt-e2e/tensor-ops'
import { createSystem } from '@ttt-e2e/baselines'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { TaskResults } from '../results'
import type { Task } from '../tasks'
import type { Comparison, Session } from './comparison'
import { readersOf, runsOf } from './run-work'
import { storeOf } from './stores'
import { planTraining } from './training-plan'
import { warmUp } from './warm-up'
import type { Workload } from './workload'

/**
 * Fills the workload with the time that each run of a task should take, from a few timed steps per system, and notes
 * the kernels of a training step in the results.
 *
 * @param most takes the same times with the most steps, where their number is not fixed
 */
export async function estimate(
  task: Task,
  results: TaskResults,
  comparison: Comparison,
  { signal, progress, workload }: Session,
  engine: ResolvedEngine,
  most: Workload,
): Promise<void> {
  const evaluationTokens = task.evaluation.documents.length * (task.evaluation.length + 1)
  for (const owner of results.systems.filter(({ weightsOf }) => weightsOf === undefined)) {
    progress.update(`${task.name} · ${owner.name} · warming up`)
    const { stepSeconds, readSeconds, kernels } = await warmUp(
      createSystem(owner.name, task.size),
      task,
      engine,
    )
    owner.kernels = kernels
    await pause()
    signal.throwIfAborted()
    const plan = planTraining(task.training, task.knownLosses?.(owner.name))
    for (const work of runsOf(task.name, comparison).filter(({ system }) => system === owner.name)) {
      const stored = storeOf(comparison.store, work).storedSteps()
      const left = (steps: number) => Math.max(0, steps - stored) * stepSeconds
      workload.set(work, 'train', left(plan.fewestSteps))
      most.set(work, 'train', left(plan.steps))
      for (const each of [workload, most])
        for (const reader of readersOf(owner.name, comparison))
          each.set(work, `evaluate ${reader}`, readSeconds * evaluationTokens)
    }
  }
}
