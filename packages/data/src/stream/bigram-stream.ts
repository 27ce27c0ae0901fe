import { createRandom, fold, type Batch } from '@ttt-e2e/tensor-ops'
import { bigramDocument, checkBigramLanguage, type BigramLanguage } from '../sources/bigram-languages'
import type { Cursor, StreamOptions } from './stream-options'
import { sampleStream } from './sample-stream'

export interface BigramStreamOptions extends BigramLanguage, StreamOptions {}

/**
 * Endless batches of bigram documents, each sequence of length + 1 tokens in a language of its own.
 *
 * Document n is a pure function of (seed, n); every target counts in the loss.
 *
 * @throws DataError for a language or a size that cannot be; while reading, the reason of an aborted signal.
 */
export function bigramStream(options: BigramStreamOptions): AsyncGenerator<Batch<Cursor>, void, void> {
  const { vocabularySize, successors, seed, length } = options
  checkBigramLanguage(options)
  return sampleStream({
    ...options,
    sample: (n) =>
      bigramDocument({ vocabularySize, successors, length: length + 1, random: createRandom(fold(seed, n)) })
        .tokens,
  })
}
