import { formatBytes } from '@ttt-e2e/cli'
import type { Table } from '@ttt-e2e/report'
import type { Holds, StepTaken } from './work'

/** What is known at a number of chunks. */
export interface StepMemory {
  chunks: number
  /** Tokens of each. */
  chunk: number
  /** Borders that are kept where as few as can be are. */
  least: number
  /** Bytes over one border, and over all of them together. */
  border: number
  lasting: number
  /** A step of each kind that is compared; none where they were only counted. */
  taken: StepTaken[]
}

/** How what a walk holds is called in the table. */
export const nameOf = (holds: Holds): string =>
  typeof holds === 'number' ? `within ${formatBytes(holds)}` : holds

/** What was counted and measured, beside √K. */
export function stepMemoryTable(rows: readonly StepMemory[], compared: readonly Holds[], of: string): Table {
  const [first] = rows
  const measured = rows.every(({ taken }) => taken.length === compared.length)
  const each = (what: string) => (measured ? compared.map((holds) => `${what}, ${nameOf(holds)}`) : [])
  const growth = (row: StepMemory) => beyond(row.taken.at(-1)!) / beyond(first.taken.at(-1)!)
  return {
    title: `memory of a training step: ${of}`,
    columns: [
      'chunks K',
      'of tokens',
      '√K to the first',
      'carried, all',
      'carried, least',
      'borders kept',
      ...each('step'),
      ...(measured ? ['its growth'] : []),
      ...each('process'),
      ...each('CPU s'),
      ...each('s'),
    ],
    rows: rows.map((row) => [
      String(row.chunks),
      String(row.chunk),
      Math.sqrt(row.chunks / first.chunks).toFixed(2),
      formatBytes(carried(row, row.chunks)),
      formatBytes(carried(row, row.least)),
      String(row.least),
      ...row.taken.map((taken) => formatBytes(beyond(taken))),
      ...(measured ? [growth(row).toFixed(2)] : []),
      ...row.taken.map(({ peak }) => formatBytes(peak)),
      ...row.taken.map(({ cpuSeconds }) => cpuSeconds.toFixed(2)),
      ...row.taken.map(({ seconds }) => seconds.toFixed(2)),
    ]),
    note:
      'carried: fast weights and caches over the borders of chunks, counted; borders kept: of the least; ' +
      'process: at its fullest, measured in one each; step: the same less what it was before the steps; ' +
      'its growth: of the last kind of step; times: of the last of the steps',
  }
}

const beyond = ({ peak, before }: StepTaken) => peak - before
const carried = ({ border, lasting }: StepMemory, borders: number) => lasting + borders * border
