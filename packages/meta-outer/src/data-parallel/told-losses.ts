import type { Losses } from '../losses'

/** What the ranks' losses are together, in the order of the rows. */
export interface ToldLosses {
  /** Mean over all chunks. */
  loss: number
  chunks: number
  /** Of each sequence [N]. */
  chunksOf: number[]
  /** [N, K] with K chunks in the longest; 0 beyond a sequence's own. */
  chunkLosses: Float32Array
  /** The same of inner gradients' norms; empty without a rule. */
  innerNorms: Float32Array
}

/** Losses as numbers that another rank can be told. */
export function encodeLosses(batches: readonly Losses[]): number[] {
  return batches.flatMap(({ sequences, chunkLosses, innerNorms }) => {
    const columns = chunkLosses.length / sequences.length
    const counts = sequences.map(({ chunks }) => chunks)
    return [
      sequences.length,
      columns,
      innerNorms.length > 0 ? 1 : 0,
      ...counts,
      ...chunkLosses,
      ...innerNorms,
    ]
  })
}

/** @param told by each rank, in their order */
export function decodeLosses(told: readonly Float64Array[]): ToldLosses {
  const rows: { losses: Float64Array; norms: Float64Array; chunks: number }[] = []
  for (const numbers of told)
    for (let at = 0; at < numbers.length;) {
      const [count, columns, learns] = numbers.subarray(at, (at += 3))
      const counts = numbers.subarray(at, (at += count))
      const losses = numbers.subarray(at, (at += count * columns))
      const norms = numbers.subarray(at, (at += learns * count * columns))
      for (let n = 0; n < count; n++)
        rows.push({
          losses: losses.subarray(n * columns, (n + 1) * columns),
          norms: norms.subarray(n * columns, (n + 1) * columns),
          chunks: counts[n],
        })
    }
  const columns = Math.max(...rows.map(({ chunks }) => chunks))
  const learns = rows.some(({ norms }) => norms.length > 0)
  const chunkLosses = new Float32Array(rows.length * columns)
  const innerNorms = new Float32Array(learns ? rows.length * columns : 0)
  rows.forEach((row, n) => {
    chunkLosses.set(row.losses, n * columns)
    if (learns) innerNorms.set(row.norms, n * columns)
  })
  const chunksOf = rows.map(({ chunks }) => chunks)
  const chunks = chunksOf.reduce((sum, count) => sum + count, 0)
  const loss = chunkLosses.reduce((sum, each) => sum + each, 0) / chunks
  return { loss, chunks, chunksOf, chunkLosses, innerNorms }
}
