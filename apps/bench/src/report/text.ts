import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { reportsOf } from './report-probes'
import type { Table } from './table'

/** A table in columns of equal width. */
export function formatTable({ title, columns, rows, note }: Table): string {
  const widths = columns.map((column, i) => Math.max(column.length, ...rows.map((row) => row[i].length)))
  // Numbers line up on the right, names and sentences on the left.
  const left = columns.map((_, i) => i === 0 || rows.some((row) => /[a-z]{3}/.test(row[i])))
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (left[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd()
  return [title, line(columns), ...rows.map(line), ...(note ? [`(${note})`] : [])].join('\n')
}

/** The report for a terminal. */
export function formatResults(results: Results, probes: readonly Probe[]): string {
  return results.tasks
    .flatMap((task) => {
      const reports = reportsOf(task, probes)
      if (reports.length === 0) return []
      return [
        `\n== ${task.title}`,
        ...reports.flatMap(({ tables }) => tables.map((table) => `\n${formatTable(table)}`)),
        '',
        ...[...reports.flatMap(({ verdict }) => verdict), ...task.notes].map((s) => `* ${s}`),
      ]
    })
    .join('\n')
}
