import type { Results } from '../experiment/results'
import { resultsOf, type Probe } from '../probes/probe'

/** Seconds of all pieces of work that were timed, by what they are: `books · swa · a training step`. */
export const speedsOf = (
  { tasks }: Pick<Results, 'tasks'>,
  probes: readonly Probe[],
): Record<string, number> =>
  Object.fromEntries(
    tasks.flatMap((task) =>
      probes.flatMap((probe) => {
        const results = resultsOf(probe, task)
        const speeds = (results && probe.speeds?.(results)) ?? {}
        return Object.entries(speeds).map(([what, seconds]) => [`${task.name} · ${what}`, seconds] as const)
      }),
    ),
  )
