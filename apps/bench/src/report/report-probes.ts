import type { TaskResults } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { resultsOf } from '../probes/probe'
import type { Figure } from './figure'
import type { Table } from './table'

/** The tables of what the probes measured on a task, in their order. */
export const tablesOf = (task: TaskResults, probes: readonly Probe[]): Table[] =>
  probes.flatMap((probe) => {
    const results = resultsOf(probe, task)
    return (results && probe.table?.(results, task)) ?? []
  })

/** The figures. */
export const figuresOf = (task: TaskResults, probes: readonly Probe[]): Figure[] =>
  probes.flatMap((probe) => {
    const results = resultsOf(probe, task)
    return [(results && probe.figure?.(results, task)) ?? []].flat()
  })
