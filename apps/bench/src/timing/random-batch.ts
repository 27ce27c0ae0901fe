import type { Batch } from '@ttt-e2e/meta-outer'
import { createRandom } from '@ttt-e2e/tensor-ops'

/** `count` tokens below `vocabularySize`; the same seed gives the same. */
export function randomTokens(vocabularySize: number, count: number, seed = 0): Int32Array {
  const random = createRandom(seed)
  return Int32Array.from({ length: count }, () => random.integer(vocabularySize))
}

/** A training batch of random tokens. */
export const randomBatch = (vocabularySize: number, batch: number, length: number): Batch => ({
  tokens: randomTokens(vocabularySize, batch * (length + 1)),
  mask: new Uint8Array(batch * length).fill(1),
  batch,
  length,
  cursor: null,
})
