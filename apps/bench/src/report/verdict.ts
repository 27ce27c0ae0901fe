import type { TaskResults } from '../experiment/results'
import { resultsOf, type Probe } from '../probes/probe'

/** What the numbers of a task say, in plain sentences; nothing that they don't. */
export const verdictOf = (task: TaskResults, probes: readonly Probe[]): string[] => [
  ...probes.flatMap((probe) => {
    const results = resultsOf(probe, task)
    return (results && probe.verdict?.(results, task)) ?? []
  }),
  ...task.notes,
]
