/** Targets from index `from` up to, not including, `to`; target i is predicted after i + 1 tokens. */
export interface IndexRange {
  from: number
  to: number
}

/** 0–64, –128, –256, … up to `length`; the last range ends there. */
export function indexRanges(length: number): IndexRange[] {
  const ranges: IndexRange[] = []
  for (let from = 0, to = 64; from < length; from = to, to *= 2)
    ranges.push({ from, to: Math.min(to, length) })
  return ranges
}

/** Mean of a document's nats in each range. */
export function meansByRange(nats: ArrayLike<number>, ranges: readonly IndexRange[]): number[] {
  return ranges.map(({ from, to }) => {
    let sum = 0
    for (let i = from; i < to; i++) sum += nats[i]
    return sum / (to - from)
  })
}

/** Mean over documents of each column. */
export function columnMeans(rows: readonly number[][]): number[] {
  return (rows[0] ?? []).map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length)
}
