import type { Results, TaskResults } from '../experiment/results'
import { ownProbes } from '../probes'

const timed = new Set(ownProbes.filter(({ speeds }) => speeds).map(({ name }) => name))

/** What doesn't depend on how long it took, nor on which process did it. */
export const withoutTimes = ({ name, systems, probes }: TaskResults) => ({
  name,
  systems,
  probes: Object.entries(probes)
    .filter(([probe]) => !timed.has(probe))
    .map(([probe, { measured, summary }]) => ({
      name: probe,
      summary,
      measured: measured.map(({ value, ...rest }) => ({
        ...rest,
        value: Array.isArray(value) ? value : { ...(value as object), seconds: 0, memory: undefined },
      })),
    })),
})

/** The same of all tasks of a report. */
export const resultsWithoutTimes = ({ tasks }: Results) => tasks.map(withoutTimes)
