import type { Batch, Tensor, ValuesOf } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from './chunk-steps'
import type { Sequence, SequenceGroup, Sequences } from './sequences'

/** What a chunk told of its losses; see `ChunkOutput` and `ChunkTold`. */
export type ChunkLosses = { loss: Tensor; tokenLosses: Tensor; norm?: Tensor }

/** The losses of a batch. */
export interface Losses {
  /** Mean over all chunks of the masked mean in the chunk, nats: a sequence counts by its chunks. */
  loss: number
  /** How many chunks that is the mean of, as are the gradients. */
  chunks: number
  /** A sequence is a row, or a document where rows hold several; in order [N]. */
  sequences: Sequence[]
  /** [N, K] with K chunks in the longest; 0 beyond a sequence's own. */
  chunkLosses: Float32Array
  /** Norm of the inner gradient before its clip [N, K], a last chunk's only if recorded; empty without a rule. */
  innerNorms: Float32Array
  /** Nats for every target, masked or not [B, T]; NaN for a document's first token, which nothing predicts. */
  tokenLosses: Float32Array
}

/** Puts together what the chunks of each group told. @param told [group][chunk] */
export function lossesOf(
  system: System,
  batch: Batch,
  { sequences, groups, chunks }: Sequences,
  told: ValuesOf<ChunkLosses>[][],
): Losses {
  const columnCount = Math.max(...sequences.map((sequence) => sequence.chunks))
  const chunkLosses = new Float32Array(sequences.length * columnCount)
  const innerNorms = new Float32Array(system.rule ? sequences.length * columnCount : 0)
  const tokenLosses = new Float32Array(batch.batch * batch.length).fill(NaN)
  groups.forEach((group, g) => {
    const rows = rowsOf(system, group, told[g])
    group.members.forEach((n, b) => {
      const { row, start, length } = sequences[n]
      chunkLosses.set(rows.chunkLosses(b), n * columnCount)
      if (system.rule) innerNorms.set(rows.innerNorms(b), n * columnCount)
      tokenLosses.set(rows.tokenLosses(b).subarray(0, length), row * batch.length + start)
    })
  })
  const loss = chunkLosses.reduce((total, each) => total + each, 0) / chunks
  return { loss, chunks, sequences, chunkLosses, innerNorms, tokenLosses }
}

/** What was told of each sequence of a group. */
function rowsOf(system: System, { batch }: SequenceGroup, told: ValuesOf<ChunkLosses>[]) {
  const piece = pieceOf(system, batch.length)
  const widthOf = (values: Float32Array) => values.length / batch.batch
  const rowOf = (values: Float32Array, b: number) =>
    values.subarray(b * widthOf(values), (b + 1) * widthOf(values))
  return {
    chunkLosses: (b: number) => told.flatMap(({ loss }) => [...rowOf(loss, b)]),
    innerNorms: (b: number) => told.map(({ norm }) => norm?.[b] ?? 0),
    tokenLosses(b: number) {
      const row = new Float32Array(batch.length)
      told.forEach(({ tokenLosses }, i) => row.set(rowOf(tokenLosses, b), i * piece))
      return row
    },
  }
}
