import { createRandom, fold, type Batch } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { checkWhole, DataError } from '../data-error'
import { loaded, type AnyDocument } from '../sources/document'
import type { Tokenizer } from '../tokenizers/tokenizer'
import type { Cursor, StreamOptions } from './stream-options'
import { checkDocument } from './check-tokens'
import { firstAbove } from './first-above'
import { sampleStream } from './sample-stream'

export interface TextStreamOptions extends StreamOptions {
  documents: readonly AnyDocument[]
  /** The tokenizer of the documents, or just its two numbers. */
  tokenizer: Pick<Tokenizer, 'vocabularySize' | 'bosToken'>
}

/**
 * Endless batches of windows of length + 1 tokens, each from one document: no window crosses a document's end.
 *
 * Every window of every document is equally likely, so a document is met in proportion to the windows it holds;
 * documents shorter than length + 1 tokens are never met. Sample n is a pure function of (seed, n) and the
 * documents. Targets equal to the tokenizer's BOS do not count in the loss.
 *
 * @throws DataError if no document is long enough, or holds a token outside the vocabulary; while reading, the
 * reason of an aborted signal.
 */
export function textStream(options: TextStreamOptions): AsyncGenerator<Batch<Cursor>, void, void> {
  const { documents, tokenizer, length, seed } = options
  checkWhole('length', length, 1)
  const { long, ends } = countWindows(documents, length)
  for (const document of long) {
    checkDocument(document, tokenizer.vocabularySize)
  }
  const windows = ends[ends.length - 1]
  return sampleStream({
    ...options,
    bosToken: tokenizer.bosToken,
    sample(n) {
      const window = createRandom(fold(seed, n)).integer(windows)
      const index = firstAbove(ends, window)
      const offset = window - (index === 0 ? 0 : ends[index - 1])
      return loaded(long[index].tokens.subarray(offset, offset + length + 1))
    },
  })
}

/** The documents that hold a window, and for each the number of windows in it and all before it. */
function countWindows(documents: readonly AnyDocument[], length: number) {
  const long = documents.filter((document) => document.tokens.length > length)
  if (long.length === 0) {
    const needed = `a window of length ${length} needs a document of at least ${length + 1} tokens`
    if (documents.length === 0) throw new DataError(`no documents were given; ${needed}`)
    const longest = documents.reduce((a, b) => (b.tokens.length > a.tokens.length ? b : a))
    throw new DataError(
      `the longest document, '${longest.id}', has ${counted(longest.tokens.length, 'token')}; ${needed}`,
    )
  }
  let total = 0
  return { long, ends: long.map((document) => (total += document.tokens.length - length)) }
}
