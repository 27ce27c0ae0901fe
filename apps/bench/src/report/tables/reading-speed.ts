import type { TaskResults } from '../../results'
import type { Table } from '../table'

/** Seconds per 1000 tokens against how much was read before. */
export function readingTable({ systems, size }: TaskResults): Table | undefined {
  const timed = systems.filter(({ readingSpeed }) => readingSpeed !== undefined)
  if (timed.length === 0) return undefined
  return {
    title: 'seconds per 1000 tokens read, by context length',
    columns: ['system', ...timed[0].readingSpeed!.map(({ context }) => String(context))],
    rows: timed.map(({ name, readingSpeed }) => [
      name,
      ...readingSpeed!.map(({ secondsPer1000 }) => secondsPer1000.toPrecision(3)),
    ]),
    note:
      `one sequence, 64 tokens at a time, wall-time medians; up to ${timed[0].readingSpeed!.at(-1)!.context / size.window} × the window; ` +
      `a system that reads with another's weights takes the time of the one with its architecture`,
  }
}
