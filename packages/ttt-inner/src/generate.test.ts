import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'
import { generate, type GenerateOptions } from './generate'
import { Reader } from './reader'
import { Sampler, sampleToken } from './sample'
import { randomTokens, smallSystem } from './testing'

beforeAll(() => resolveEngine('cpu'))

const system = smallSystem(true)
const params = system.decoder.init(createRandom(1))

async function continuation(options: GenerateOptions, reader = new Reader(system, params)) {
  if (reader.position === 0) await reader.read(randomTokens(1, 9))
  const tokens: number[] = []
  for await (const token of generate(reader, options)) tokens.push(token)
  return { tokens, reader }
}

describe('generate', () => {
  it('gives the same tokens for the same seed, others for another', async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => continuation({ maxTokens: 12, seed })))
    expect(a.tokens).toHaveLength(12)
    expect(b.tokens).toEqual(a.tokens)
    expect(c.tokens).not.toEqual(a.tokens)
  })

  it('has read what it gave out, and learns from it only when asked', async () => {
    const still = await continuation({ maxTokens: 10 })
    expect(still.reader).toMatchObject({ position: 19, steps: 2 })
    const learning = await continuation({ maxTokens: 10, learn: true })
    expect(learning.reader).toMatchObject({ position: 19, steps: 4 })
  })

  it('stops before a stop token and at an abort', async () => {
    const { tokens } = await continuation({ maxTokens: 40, seed: 3 })
    const stop = tokens[5]
    const stopped = await continuation({ maxTokens: 40, seed: 3, stopTokens: [stop] })
    expect(stopped.tokens).toEqual(tokens.slice(0, tokens.indexOf(stop)))
    expect((await continuation({ signal: AbortSignal.abort() })).tokens).toEqual([])
    const controller = new AbortController()
    const reader = new Reader(system, params)
    await reader.read(randomTokens(1, 9))
    let count = 0
    for await (const _ of generate(reader, { signal: controller.signal }))
      if (++count === 3) controller.abort()
    expect(count).toBe(3)
  })

  it('needs something to go on from', async () => {
    const started = generate(new Reader(system, params), { maxTokens: 1 }).next()
    await expect(started).rejects.toThrow('nothing was read yet')
  })
})

describe('sampling', () => {
  const logits = Float32Array.from([0.1, 0.5, 0.2, 0.2], Math.log)
  const draw = (options: object) => {
    const random = createRandom(1)
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 10_000; i++) counts[sampleToken(logits, random, options)]++
    return counts.map((count) => count / 10_000)
  }

  it('takes the likeliest at temperature 0', () => {
    expect(draw({ temperature: 0 })).toEqual([0, 1, 0, 0])
  })

  it("draws from the model's distribution", () => {
    draw({}).forEach((share, i) => expect(Math.abs(share - [0.1, 0.5, 0.2, 0.2][i])).toBeLessThan(0.02))
  })

  it('sharpens with a low temperature', () => {
    expect(draw({ temperature: 0.5 })[1]).toBeGreaterThan(0.7)
  })

  it('keeps the nucleus only', () => {
    const [first, second, third, fourth] = draw({ topP: 0.65 })
    expect([first, fourth]).toEqual([0, 0])
    expect(Math.abs(second - 0.5 / 0.7)).toBeLessThan(0.02)
    expect(third).toBeGreaterThan(0.2)
  })

  it('keeps the likeliest few, and those not far below them', () => {
    expect(draw({ topK: 1 })).toEqual([0, 1, 0, 0])
    expect(draw({ topK: 3 }).map((share) => share > 0)).toEqual([false, true, true, true])
    expect(draw({ minP: 0.3 }).map((share) => share > 0)).toEqual([false, true, true, true])
    expect(draw({ minP: 0.5 })).toEqual([0, 1, 0, 0])
  })
})

describe('a sampler', () => {
  const likeliest = (options: object, logits: number[], count: number, prompt: number[] = []) => {
    const sampler = new Sampler({ temperature: 0, ...options }, { prompt })
    return Array.from({ length: count }, () => sampler.draw(Float32Array.from(logits)))
  }

  it('takes from what it drew before: once, or each time', () => {
    expect(likeliest({ presencePenalty: 1.5 }, [2, 1, 0], 4)).toEqual([0, 1, 0, 0])
    expect(likeliest({ frequencyPenalty: 0.6 }, [2, 1, 0], 5)).toEqual([0, 0, 1, 0, 1])
  })

  it('makes what came before less likely, the prompt too, on either side of 0', () => {
    expect(likeliest({ repetitionPenalty: 4 }, [2, 1, -1], 3)).toEqual([0, 1, 0])
    expect(likeliest({ repetitionPenalty: 4 }, [2, 1, -1], 1, [0])).toEqual([1])
    expect(likeliest({ repetitionPenalty: 3 }, [-1, -2, -4], 1, [0])).toEqual([1])
  })

  it('draws a token whatever the penalty', () => {
    for (const repetitionPenalty of [5e-324, 1e-310, 1e308]) {
      const sampler = new Sampler({ repetitionPenalty, minP: 1 }, { prompt: [0, 1, 2] })
      expect([0, 1, 2]).toContain(sampler.draw(Float32Array.of(2, 1, -1)))
    }
  })

  it('adds what it is told to, and leaves the logits as they are', () => {
    expect(likeliest({ logitBias: { 2: 100 } }, [2, 1, 0], 2)).toEqual([2, 2])
    const logits = Float32Array.of(1, 2)
    new Sampler({ logitBias: { 0: 5 }, presencePenalty: 1 }).draw(logits)
    expect([...logits]).toEqual([1, 2])
  })
})

it('tells of each token, and of the logits that it was drawn from', async () => {
  const told: number[] = []
  const { tokens } = await continuation({
    maxTokens: 5,
    temperature: 0,
    onToken(token, logits) {
      told.push(token)
      expect(logits.indexOf(Math.max(...logits))).toBe(token)
    },
  })
  expect(told).toEqual(tokens)
})
