import type { Figure, Table } from '@ttt-e2e/report'
import type { TaskResults } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { resultsOf } from '../probes/probe'
import type { Answer, Question } from './answer'

/** What a probe says of what it measured on a task. */
export interface ProbeReport {
  probe: Probe
  verdict: string[]
  figures: Figure[]
  tables: Table[]
}

/** Those of the probes that measured something, in their order. */
export const reportsOf = (task: TaskResults, probes: readonly Probe[]): ProbeReport[] =>
  probes.flatMap((probe) => {
    const results = resultsOf(probe, task)
    if (!results) return []
    return [
      {
        probe,
        verdict: probe.verdict?.(results, task) ?? [],
        figures: [probe.figure?.(results, task) ?? []].flat(),
        tables: probe.table?.(results, task) ?? [],
      },
    ]
  })

/** The probes' answers to a question of the first screen, and the tasks that they are of. */
export const answersTo = (
  question: Question,
  tasks: readonly TaskResults[],
  probes: readonly Probe[],
): { task: string; answer: Answer }[] =>
  tasks.flatMap((task) =>
    probes.flatMap((probe) => {
      const results = resultsOf(probe, task)
      const answer = results && probe.answer?.(results, task)
      return answer?.question === question ? [{ task: task.name, answer }] : []
    }),
  )
