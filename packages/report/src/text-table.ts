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
