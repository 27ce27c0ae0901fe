import { createSystem, definitionOf } from '@ttt-e2e/baselines'
import type { TaskResults } from '../results'
import type { Task } from '../tasks'
import { columnMeans, indexRanges, meansByRange } from './index-ranges'

/** The results of a task before anything was measured. */
export function startResults(task: Task, systems: string[]): TaskResults {
  const ranges = indexRanges(task.evaluation.length)
  return {
    name: task.name,
    title: task.title,
    notes: [...task.notes],
    size: task.size,
    training: task.training,
    evaluation: { length: task.evaluation.length, documents: task.evaluation.ids },
    ranges,
    references: task.references.map(({ name, detail, losses }) => ({
      name,
      detail,
      loss: columnMeans(losses.map((nats) => meansByRange(nats, ranges))),
    })),
    systems: systems.map((name) => {
      const { summary, weightsOf } = definitionOf(name)
      const parameters = createSystem(name, task.size).decoder.parameterCount
      return { name, summary, weightsOf, parameters, runs: [], evaluations: [] }
    }),
    differences: [],
  }
}
