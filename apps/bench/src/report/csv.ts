import type { Table } from './table'

/** A table as comma-separated values (RFC 4180), its minus signs as programs read them. */
export const csvOf = ({ columns, rows }: Table): string =>
  [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')

function cell(text: string): string {
  const plain = text.replaceAll('−', '-')
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** `books-latency-2.csv`, the second table of a probe. */
export const csvName = (task: string, probe: string, place: number): string =>
  `${[task, probe, place + 1].join('-')}.csv`
