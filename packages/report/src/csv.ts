import type { Table } from './table'

/** A table as comma-separated values (RFC 4180), its minus signs as programs read them. */
export const csvOf = ({ columns, rows }: Table): string =>
  [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')

function cell(text: string): string {
  const plain = text.replaceAll('−', '-')
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
