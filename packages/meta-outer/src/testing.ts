import { createRandom, type Batch } from '@ttt-e2e/tensor-ops'
import { attentionMixer, createDecoder } from '@ttt-e2e/swa-transformer'
import type { System } from '@ttt-e2e/ttt-inner'

/** A decoder small enough for finite differences. */
export function smallSystem(
  options: Partial<{
    learns: boolean
    suffixBlocks: number
    window: number
    rate: number
    lossChunk: number
    hiddenSize: number
  }> = {},
): System {
  const { learns = true, suffixBlocks = 2, window = 6, rate = 0.7, lossChunk = 4, hiddenSize = 8 } = options
  return {
    name: 'small',
    decoder: createDecoder({
      vocabularySize: 11,
      hiddenSize,
      heads: 2,
      intermediateSize: 1.5 * hiddenSize,
      mixers: Array.from({ length: 3 }, () => attentionMixer(window)),
      suffixBlocks,
      ropeTheta: 10_000,
      normEpsilon: 1e-6,
    }),
    ...(learns ? { rule: { chunk: 4, rate, maxNorm: 1 } } : { lossChunk }),
  }
}

/** Random tokens; `masked` lists targets that don't count. */
export function randomBatch(batch: number, length: number, masked: number[] = [], seed = 3): Batch {
  const random = createRandom(seed)
  const tokens = Int32Array.from({ length: batch * (length + 1) }, () => random.integer(11))
  const mask = new Uint8Array(batch * length).fill(1)
  for (const index of masked) mask[index] = 0
  return { tokens, mask, batch, length, cursor: { nextSample: batch } }
}
