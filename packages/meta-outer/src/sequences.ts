import type { Batch } from '@ttt-e2e/tensor-ops'
import { lossChunkOf, type System } from '@ttt-e2e/ttt-inner'

/** What is read on its own: a row of a batch, or one of a row's documents. */
export interface Sequence {
  row: number
  /** Its first token's place in the row. */
  start: number
  /** Its targets. */
  length: number
  /** Chunks of the loss, the last one perhaps shorter. */
  chunks: number
}

/** Sequences that are walked side by side. */
export interface SequenceGroup {
  /** Which of the batch's sequences, by number; one for each row of `batch`. */
  members: number[]
  /** A batch without borders, shorter sequences filled up with targets that don't count. */
  batch: Batch
}

export interface Sequences {
  sequences: Sequence[]
  groups: SequenceGroup[]
  /** Of all sequences together. */
  chunks: number
}

/**
 * A batch's sequences in order, and in groups of equally many chunks. A document reads as one that stands alone, from
 * W₀ and empty states: on its own in a batch, nothing of another can reach it. Within its last chunk it can be filled
 * up, since no token sees those after it and nothing is learned from a last chunk.
 *
 * Documents of a single token have no target and are left out.
 *
 * @param most sequences of a group; any number where left out
 * @throws if there is no target at all
 */
export function sequencesOf(system: System, batch: Batch, most = Infinity): Sequences {
  const spans = batch.documentStarts ? documentSpans(batch, batch.documentStarts) : rowSpans(batch)
  if (spans.length === 0) throw new Error('the batch has no target: all its documents have a single token')
  const longest = Math.max(...spans.map(({ length }) => length))
  const chunk = lossChunkOf(system, longest)
  const sequences = spans.map((span) => ({ ...span, chunks: Math.ceil(span.length / chunk) }))
  const byChunks = new Map<number, number[]>()
  sequences.forEach(({ chunks }, n) => byChunks.set(chunks, [...(byChunks.get(chunks) ?? []), n]))
  const groups = [...byChunks.values()]
    .flatMap((members) => inPieces(members, most))
    .map((members) => ({
      members,
      batch:
        batch.documentStarts || members.length < sequences.length
          ? gather(
              batch,
              members.map((n) => sequences[n]),
            )
          : batch,
    }))
  return { sequences, groups, chunks: sequences.reduce((sum, { chunks }) => sum + chunks, 0) }
}

function inPieces(members: readonly number[], most: number): number[][] {
  const size = Math.min(most, members.length)
  return Array.from({ length: Math.ceil(members.length / size) }, (_, i) =>
    members.slice(i * size, (i + 1) * size),
  )
}

type Span = Omit<Sequence, 'chunks'>

const rowSpans = ({ batch, length }: Batch): Span[] =>
  Array.from({ length: batch }, (_, row) => ({ row, start: 0, length }))

function documentSpans({ batch, length }: Batch, starts: Uint8Array): Span[] {
  const spans: Span[] = []
  for (let row = 0; row < batch; row++)
    for (let start = 0; start < length;) {
      let end = start + 1
      while (end <= length && !starts[row * (length + 1) + end]) end++
      if (end - start > 1) spans.push({ row, start, length: end - start - 1 })
      start = end
    }
  return spans
}

function gather({ tokens, mask, length: width, cursor }: Batch, sequences: Sequence[]): Batch {
  const length = Math.max(...sequences.map((sequence) => sequence.length))
  const batch = sequences.length
  const group: Batch = {
    tokens: new Int32Array(batch * (length + 1)),
    mask: new Uint8Array(batch * length),
    batch,
    length,
    cursor,
  }
  sequences.forEach(({ row, start, length: own }, b) => {
    const token = row * (width + 1) + start
    group.tokens.set(tokens.subarray(token, token + own + 1), b * (length + 1))
    const target = row * width + start
    group.mask.set(mask.subarray(target, target + own), b * length)
  })
  return group
}
