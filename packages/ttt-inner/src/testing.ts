import { createRandom } from '@ttt-e2e/tensor-ops'
import { attentionMixer, createDecoder } from '@ttt-e2e/swa-transformer'
import type { System } from './system'

/** A system of eleven symbols that learns from chunks of four. */
export const smallSystem = (learns: boolean, suffixBlocks = 2): System => ({
  name: 'small',
  decoder: createDecoder({
    vocabularySize: 11,
    hiddenSize: 8,
    heads: 2,
    intermediateSize: 12,
    mixers: Array.from({ length: 3 }, () => attentionMixer(6)),
    suffixBlocks,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
  }),
  ...(learns && { rule: { chunk: 4, rate: 1, maxNorm: 1 } }),
})

export function randomTokens(batch: number, length: number, seed = 5): Int32Array {
  const random = createRandom(seed)
  return Int32Array.from({ length: batch * length }, () => random.integer(11))
}
