import { createRandom, type Random } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { sampleToken, type SamplingOptions } from './sample'

/** As sampling is defined: all tokens in order, cut off, and walked through until what was drawn is reached. */
function drawOrdered(logits: Float32Array, random: Random, options: SamplingOptions): number {
  const { temperature = 1, topP = 1, topK = 0, minP = 0 } = options
  const highest = logits.reduce((a, b) => Math.max(a, b))
  const weight = (token: number) => Math.exp((logits[token] - highest) / temperature)
  const ordered = [...logits.keys()]
    .filter((token) => weight(token) >= minP)
    .sort((a, b) => logits[b] - logits[a] || a - b)
    .slice(0, topK > 0 ? topK : undefined)
  const total = ordered.reduce((sum, token) => sum + weight(token), 0)
  let held = weight(ordered[0])
  let count = 1
  while (count < ordered.length && held < topP * total) held += weight(ordered[count++])
  const drawn = random.uniform() * held
  let passed = 0
  return ordered.slice(0, count).find((token) => (passed += weight(token)) > drawn) ?? ordered[count - 1]
}

const random = createRandom(5)
const wide = (size: number, spread: number) =>
  Float32Array.from({ length: size }, () => spread * (random.uniform() + random.uniform() - 1))

describe.each([
  ['a few tokens', wide(5, 2)],
  ['tokens that are alike', new Float32Array(50)],
  ['many', wide(600, 6)],
  ['one that is far ahead', Float32Array.from([...wide(300, 3), 30])],
  ['some that can not come', Float32Array.from([...wide(100, 4), ...new Float32Array(100).fill(-Infinity)])],
  ['some that weigh next to nothing', wide(100, 200)],
])('of %s', (_, logits) => {
  it.each<SamplingOptions>([
    {},
    { temperature: 0.3 },
    { temperature: 20 },
    { topP: 0.9 },
    { topP: 1e-9 },
    { topK: 7 },
    { topK: 40, topP: 0.5 },
    { minP: 0.1 },
    { minP: 1 },
    { minP: 0.02, topP: 0.7, topK: 20, temperature: 2 },
  ])('draws with %o what the definition draws', (options) => {
    const [ours, theirs] = [createRandom(3), createRandom(3)]
    const draws = Array.from({ length: 10 }, () => sampleToken(logits, ours, options))
    expect(draws).toEqual(draws.map(() => drawOrdered(logits, theirs, options)))
  })
})
