import type { TaskResults } from '../../experiment/results'

/** `0–64`, `–128`, …: a range is named by its end, the first by both. */
export const rangeNames = ({ ranges }: Pick<TaskResults, 'ranges'>): string[] =>
  ranges.map(({ from, to }) => (from === 0 ? `0–${to}` : `–${to}`))
