import type { Results } from '../results'
import type { Table } from './table'
import { tables } from './tables'
import { verdictOf } from './verdict'

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
export function formatResults(results: Results): string {
  return results.tasks
    .flatMap((task) => {
      const found = tables.map((table) => table(task)).filter((table) => table !== undefined)
      if (found.length === 0) return []
      return [
        `\n== ${task.title}`,
        ...found.map((table) => `\n${formatTable(table)}`),
        '',
        ...verdictOf(task).map((s) => `* ${s}`),
      ]
    })
    .join('\n')
}
