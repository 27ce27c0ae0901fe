import { createRandom, fold, type Batch } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { checkWhole, DataError } from '../data-error'
import { loaded, type AnyDocument } from '../sources/document'
import type { Tokenizer } from '../tokenizers/tokenizer'
import type { Cursor, StreamOptions } from './stream-options'
import { checkDocument } from './check-tokens'
import { firstAbove } from './first-above'
import { sampleStream } from './sample-stream'

export interface PackedStreamOptions extends StreamOptions {
  documents: readonly AnyDocument[]
  /** The tokenizer of the documents, or just its two numbers. */
  tokenizer: Pick<Tokenizer, 'vocabularySize' | 'bosToken'>
}

/**
 * Endless batches of rows that hold whole documents one after another, so that short ones are learned from too; a
 * batch's `documentStarts` say where each begins. Nothing but a row's end cuts a document, and what is left of it
 * begins another row, as a document of its own: every target is met once.
 *
 * In each epoch the documents are laid out in another order and the rows given out in another; what is left over is
 * less than a row. Row n is a pure function of (seed, n) and the documents; those of a single token are left out.
 *
 * @throws DataError if the documents together don't fill a row, or hold a token outside the vocabulary; while
 * reading, the reason of an aborted signal.
 */
export function packedStream(options: PackedStreamOptions): AsyncGenerator<Batch<Cursor>, void, void> {
  const { tokenizer, length, seed } = options
  // In a row of two tokens, a border would leave no target.
  checkWhole('length', length, 2)
  const documents = options.documents.filter(({ tokens }) => tokens.length > 1)
  for (const document of documents) checkDocument(document, tokenizer.vocabularySize)
  const total = documents.reduce((sum, { tokens }) => sum + tokens.length, 0)
  const rows = Math.floor((total - 1) / length)
  if (rows < 1)
    throw new DataError(
      `the documents have ${counted(total, 'token')} together; a row of length ${length} needs ${length + 1}`,
    )
  let current: Epoch | undefined
  const place = (n: number) => {
    const number = Math.floor(n / rows)
    if (current?.number !== number) current = layOut(documents, number, rows, length, fold(seed, number))
    return { ...current, start: current.starts[n % rows] }
  }
  return sampleStream({
    ...options,
    bosToken: tokenizer.bosToken,
    sample(n) {
      const { order, ends, start } = place(n)
      const row = new Int32Array(length + 1)
      for (let filled = 0, i = firstAbove(ends, start); filled <= length; i++) {
        const { tokens } = order[i]
        const from = filled === 0 ? start - (ends[i] - tokens.length) : 0
        const part = loaded(tokens.subarray(from, from + length + 1 - filled))
        row.set(part, filled)
        filled += part.length
      }
      return row
    },
    documentStarts(n) {
      const { ends, start } = place(n)
      const starts = [0]
      for (let i = firstAbove(ends, start); ends[i] - start <= length; i++) starts.push(ends[i] - start)
      return starts
    },
  })
}

interface Epoch {
  number: number
  order: readonly AnyDocument[]
  /** The number of tokens of each document and all before it. */
  ends: readonly number[]
  /** Where each row begins. */
  starts: readonly number[]
}

function layOut(
  documents: readonly AnyDocument[],
  number: number,
  rows: number,
  length: number,
  seed: number,
): Epoch {
  const random = createRandom(seed)
  const order = random.shuffle([...documents])
  let total = 0
  const ends = order.map(({ tokens }) => (total += tokens.length))
  // Whichever tokens don't fill a row, they are others in the next epoch.
  const offset = random.integer(total - rows * length)
  const starts = random.shuffle(Array.from({ length: rows }, (_, row) => offset + row * length))
  return { number, order, ends, starts }
}
