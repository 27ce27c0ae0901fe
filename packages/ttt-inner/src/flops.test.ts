import { attentionMixer, createDecoder, publishedSizes, widthWithPrimes } from '@ttt-e2e/swa-transformer'
import { expect, it } from 'vitest'
import { countFlops } from './flops'
import type { System } from './system'

/** The 125M model's blocks, narrowed alike, its vocabulary too. */
const size = {
  ...publishedSizes['125m'],
  hiddenSize: 96,
  intermediateSize: 256,
  vocabularySize: 16_032,
  heads: 1,
}

function system(window: number, learns = false): System {
  const decoder = createDecoder({
    ...size,
    intermediateSize: learns ? widthWithPrimes(size) : size.intermediateSize,
    mixers: Array.from({ length: size.layers }, () => attentionMixer(window)),
    suffixBlocks: learns ? size.suffixBlocks : 0,
    normEpsilon: 1e-6,
  })
  return { name: 'counted', decoder, ...(learns && { rule: { chunk: 64, rate: 1, maxNorm: 1 } }) }
}

it('finds the published ratio of a step with learning to one without, attention left out', () => {
  const { training } = countFlops(system(1, true), 8192)
  expect(training / countFlops(system(1), 8192).training).toBeCloseTo(1.74, 1)
})

it('counts the keys that attention meets: half of the length, or the window', () => {
  const perKey = 4 * size.hiddenSize * size.layers
  const difference = (of: 'reading' | 'decoding' | 'training') =>
    countFlops(system(0), 1024)[of] - countFlops(system(64), 1024)[of]
  // A token of the first 64 sees the tokens before it, all others 64.
  expect(difference('reading') / perKey).toBeCloseTo(512.5 - (64 - 63 / 32), 0)
  expect(difference('training') / perKey / 3).toBeCloseTo(512.5 - (64 - 63 / 32), 0)
  expect(difference('decoding')).toBe((1025 - 64) * perKey)
})

it('counts no inner step where a token is written, nor without a rule', () => {
  const learning = countFlops(system(64, true), 1024)
  expect(learning.reading).toBeGreaterThan(1.2 * learning.decoding)
  const still = { ...system(64, true), rule: undefined }
  expect(countFlops(still, 1024).reading).toBeLessThan(learning.decoding)
})

it('counts a prefix that is not trained once, forwards', () => {
  const learning = system(64, true)
  const [all, some] = [countFlops(learning, 1024), countFlops(learning, 1024, true)]
  const prefix = all.recompute - some.recompute
  expect(all.training - some.training).toBeCloseTo(2 * prefix, 0)
  const last = learning.decoder.flops(1024).prefix
  expect(prefix).toBeGreaterThan(0.9 * last)
  expect(prefix).toBeLessThan(last)
})
