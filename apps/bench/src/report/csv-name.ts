/** `books-latency-2.csv`, the second table of a probe. */
export const csvName = (task: string, probe: string, place: number): string =>
  `${[task, probe, place + 1].join('-')}.csv`

/** Of the systems side by side. */
export const comparisonCsv = (task: string): string => `${task}-comparison.csv`
