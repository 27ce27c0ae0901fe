import { counted } from '@ttt-e2e/tensor-ops/counted'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { TrainingMeasured } from './measure'
import type { TrainingSummary } from './summarise'

/** `not converged after 500 steps`, where it or the system whose weights it reads with isn't. */
export function unconvergedLabel(task: TaskResults, name: string): string | undefined {
  const owner = task.systems.find((system) => system.name === name)?.weightsOf ?? name
  const results = task.probes.training as ProbeResults<TrainingMeasured, TrainingSummary> | undefined
  const steps = results?.summary.unconvergedAfter[owner]
  return steps === undefined ? undefined : `not converged after ${counted(steps, 'step')}`
}

/** Which of the systems with weights of their own had not converged. */
export function unconvergedSentence(task: TaskResults): string[] {
  const names = task.systems
    .filter(({ name, weightsOf }) => weightsOf === undefined && unconvergedLabel(task, name))
    .map(({ name }) => `${name} (${unconvergedLabel(task, name)})`)
  if (names.length === 0) return []
  return [
    `Not converged: ${names.join(', ')}. Trained longer they may do better; the learning curves show how they stood.`,
  ]
}
