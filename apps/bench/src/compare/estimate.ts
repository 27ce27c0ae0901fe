import { createSystem } from '@ttt-e2e/baselines'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { TaskResults } from '../results'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'
import { storeOf } from './stores'
import { planTraining } from './training-plan'
import { warmUp } from './warm-up'

/**
 * Fills the workload with the time that each piece of a task's work should take, from a few timed steps per system,
 * and notes the kernels of a training step in the results.
 *
 * @returns the most seconds it takes where the number of steps is not fixed, beyond the workload's
 */
export async function estimate(
  task: Task,
  results: TaskResults,
  { store, seeds, workload, signal, progress }: Comparison,
  engine: ResolvedEngine,
): Promise<number> {
  let beyond = 0
  const evaluationTokens = task.evaluation.documents.length * (task.evaluation.length + 1)
  for (const owner of results.systems.filter(({ weightsOf }) => weightsOf === undefined)) {
    progress.update(`${task.name} · ${owner.name} · warming up`)
    const { stepSeconds, readSeconds, readAloneSeconds, kernels } = await warmUp(
      createSystem(owner.name, task.size),
      task,
      engine,
    )
    owner.kernels = kernels
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    const plan = planTraining(task.training, task.knownLosses?.(owner.name))
    workload.set(
      `read ${task.name} ${owner.name}`,
      readAloneSeconds * task.reading.longestContext * task.reading.repeats,
    )
    for (let seed = 0; seed < seeds; seed++) {
      const left = (steps: number) =>
        Math.max(0, steps - storeOf(store, task, owner.name, seed).storedSteps()) * stepSeconds
      workload.set(`train ${task.name} ${owner.name} ${seed}`, left(plan.fewestSteps))
      beyond += left(plan.steps) - left(plan.fewestSteps)
      for (const { name, weightsOf } of results.systems)
        if (name === owner.name || weightsOf === owner.name)
          workload.set(`evaluate ${task.name} ${name} ${seed}`, readSeconds * evaluationTokens)
    }
  }
  return beyond
}
