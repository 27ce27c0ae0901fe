import type { ProbeResults, TaskResults } from '../../experiment/results'
import type { Table } from '../../report/table'
import type { TimedPiece } from './measure'
import type { ReadingSummary } from './summarise'

/** Seconds per 1000 tokens against how much was read before. */
export function readingTable(
  { summary }: ProbeResults<TimedPiece[], ReadingSummary>,
  { recipe }: TaskResults,
): Table[] {
  const timed = Object.entries(summary)
  const contexts = timed[0][1].map(({ context }) => context)
  return [
    {
      title: 'seconds per 1000 tokens read, by context length',
      columns: ['system', ...contexts.map(String)],
      rows: timed.map(([name, speeds]) => [
        name,
        ...speeds.map(({ secondsPer1000 }) => secondsPer1000.toPrecision(3)),
      ]),
      note:
        `one sequence, 64 tokens at a time, wall-time medians; up to ${contexts.at(-1)! / recipe.size.window} × the window; ` +
        `a system that reads with another's weights takes the time of the one with its architecture`,
    },
  ]
}
