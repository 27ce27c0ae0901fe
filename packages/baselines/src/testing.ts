import type { Batch } from '@ttt-e2e/meta-outer'
import type { ModelSize } from '@ttt-e2e/swa-transformer'
import { createRandom } from '@ttt-e2e/tensor-ops'

/**
 * A size small enough for finite differences. Two suffix blocks, so that the inner gradient of the first prime MLP passes
 * through the second block's mixer.
 */
export const tinySize: ModelSize = {
  vocabularySize: 11,
  hiddenSize: 8,
  heads: 2,
  layers: 3,
  intermediateSize: 24,
  suffixBlocks: 2,
  window: 6,
  chunk: 4,
  innerRate: 0.7,
  ropeTheta: 10_000,
}

/** Two sequences of random tokens with `length` targets each, all of which count. */
export function tinyBatch(length: number, seed = 3): Batch {
  const random = createRandom(seed)
  const tokens = Int32Array.from({ length: 2 * (length + 1) }, () => random.integer(tinySize.vocabularySize))
  return { tokens, mask: new Uint8Array(2 * length).fill(1), batch: 2, length, cursor: null }
}
