import { formatTable } from '@ttt-e2e/report'
import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { comparisonTable } from './comparison-table'
import { reportsOf } from './report-probes'

/** The report for a terminal. */
export function formatResults(results: Results, probes: readonly Probe[]): string {
  return results.tasks
    .flatMap((task) => {
      const reports = reportsOf(task, probes)
      if (reports.length === 0) return []
      return [
        `\n== ${task.title}`,
        ...reports.flatMap(({ tables }) => tables.map((table) => `\n${formatTable(table)}`)),
        ...comparisonTable(task).map((table) => `\n${formatTable(table)}`),
        '',
        ...[...reports.flatMap(({ verdict }) => verdict), ...task.notes].map((s) => `* ${s}`),
      ]
    })
    .join('\n')
}
