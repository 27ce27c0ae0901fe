import type { Table } from '@ttt-e2e/report'
import { median } from '../statistics'
import type { HistoryLine } from './history-file'

/** Commits that are shown. */
const shown = 6

export interface HistoryReport {
  tables: Table[]
  /** What became slower than the threshold allows. */
  slower: string[]
}

/**
 * The speeds of one machine over commits: the last run against the median of those before it, under the same conditions.
 *
 * @param threshold the share by which a piece of work may be slower
 */
export function reportHistory(lines: readonly HistoryLine[], threshold: number): HistoryReport {
  const conditions = [...new Set(lines.map((line) => line.conditions))]
  const reports = conditions.map((each) =>
    reportConditions(
      each,
      lines.filter((line) => line.conditions === each),
      threshold,
    ),
  )
  return {
    tables: reports.map(({ table }) => table),
    slower: reports.flatMap(({ slower }) => slower),
  }
}

function reportConditions(conditions: string, lines: readonly HistoryLine[], threshold: number) {
  const last = lines.at(-1)!
  const before = lines.slice(0, -1)
  const slower: string[] = []
  const recent = lines.slice(-shown)
  const rows = Object.entries(last.seconds).map(([what, seconds]) => {
    const earlier = before.flatMap((line) => line.seconds[what] ?? [])
    const change = earlier.length === 0 ? undefined : seconds / median(earlier) - 1
    if (change !== undefined && change > threshold)
      slower.push(
        `${what} takes ${percent(change)} of the ${earlier.length} before it: ${seconds.toPrecision(3)} s`,
      )
    return [
      what,
      ...recent.map((line) => line.seconds[what]?.toPrecision(3) ?? '–'),
      change === undefined ? '–' : percent(change),
    ]
  })
  const table: Table = {
    title: `seconds · ${conditions}`,
    columns: ['work', ...recent.map(nameOf), 'last against the median before'],
    rows,
    note: `the last ${recent.length} of ${lines.length} runs, oldest first`,
  }
  return { table, slower }
}

const percent = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`

/** `8040226`, with a mark where it was changed since. */
const nameOf = ({ gitHash, at }: HistoryLine) =>
  gitHash === null ? at.slice(0, 10) : gitHash.slice(0, 7) + (gitHash.includes('modified') ? '*' : '')
