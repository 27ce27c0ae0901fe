import type { Batch } from '@ttt-e2e/tensor-ops'
import { checkWhole, DataError } from '../data-error'
import type { TokenArray } from '../sources/token-arrays/token-array'
import type { Tokenizer } from '../tokenizers/tokenizer'
import { checkTokens } from './check-tokens'
import { indexShuffle } from './index-shuffle'
import type { Cursor, StreamOptions } from './stream-options'
import { sampleStream } from './sample-stream'

export interface TokenArrayStreamOptions extends StreamOptions {
  tokens: TokenArray
  /** The tokenizer that the tokens are of, or just its two numbers. */
  tokenizer: Pick<Tokenizer, 'vocabularySize' | 'bosToken'>
  /** The data seed of the authors' loader: epoch e is ordered by seed + e, of which 32 bits count. */
  seed: number
  /** In the array's own order, every epoch alike, where it is `none`. */
  order?: 'shuffled' | 'none'
}

/**
 * Endless batches of an array of tokens, in the order of the authors' loader. Sample k is the tokens k · length to
 * (k + 1) · length, both included, whatever documents these are of. An epoch is all samples once, in an order of its own,
 * without those that don't fill its last batch.
 *
 * The cursor counts samples that were given out, over all epochs: their loader's `next_index` times the batch.
 *
 * @throws DataError if the array doesn't fill a batch; while reading, for a token outside the vocabulary or a part of the
 * array that can't be read, and the reason of an aborted signal
 */
export function tokenArrayStream(
  options: TokenArrayStreamOptions,
): AsyncGenerator<Batch<Cursor>, void, void> {
  const { tokens, tokenizer, batch, length, seed, order = 'shuffled' } = options
  checkWhole('batch', batch, 1)
  checkWhole('length', length, 1)
  const count = samplesOf(tokens, length)
  const inEpoch = count - (count % batch)
  if (inEpoch === 0)
    throw new DataError(
      `${tokens.name} has ${tokens.length} tokens, ${count} samples of length ${length}; a batch takes ${batch}`,
    )
  const numberOf = (n: number) => {
    const epoch = Math.floor(n / inEpoch)
    return order === 'none' ? n % inEpoch : indexShuffle(n % inEpoch, count, (seed + epoch) >>> 0)
  }
  return sampleStream({
    ...options,
    bosToken: tokenizer.bosToken,
    sample: (n) => readSample(tokens, numberOf(n), length, tokenizer.vocabularySize),
  })
}

/** How many samples of `length` targets an array has. */
export const samplesOf = (tokens: TokenArray, length: number): number =>
  Math.max(0, Math.floor((tokens.length - 1) / length))

/**
 * Tokens [length + 1] of a sample by its number in the array.
 *
 * @throws DataError for a token outside the vocabulary, or a part of the array that can't be read
 */
export async function readSample(
  tokens: TokenArray,
  number: number,
  length: number,
  vocabularySize: number,
): Promise<Int32Array> {
  const from = number * length
  const sample = await tokens.read(from, from + length + 1)
  checkTokens(sample, vocabularySize, `${tokens.name} from its token ${from} on`)
  return sample
}
