/** A table for the terminal and for the page: the first column names the row, the others are right-aligned. */
export interface Table {
  title: string
  columns: string[]
  rows: string[][]
  note?: string
}
