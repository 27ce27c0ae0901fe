import { beforeAll, describe, expect, it } from 'vitest'
import { createRandom, disposeTree, liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { attentionMixer, createDecoder } from '@ttt-e2e/swa-transformer'
import { Reader } from './reader'
import type { System } from './system'

const system = (learns: boolean, suffixBlocks = 2): System => ({
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

const tokensOf = (batch: number, length: number) => {
  const random = createRandom(5)
  return Int32Array.from({ length: batch * length }, () => random.integer(11))
}

function readInPieces(subject: System, tokens: Int32Array, pieces: number[]) {
  const params = subject.decoder.init(createRandom(1))
  const reader = new Reader(subject, params)
  const losses: number[] = []
  for (let start = 0, i = 0; start < tokens.length; i++) {
    const end = Math.min(tokens.length, start + pieces[i % pieces.length])
    losses.push(...reader.read(tokens.slice(start, end)))
    start = end
  }
  const { steps, position } = reader
  const bytes = reader.stateBytes()
  reader.dispose()
  disposeTree(params)
  return { losses, steps, position, bytes }
}

beforeAll(() => resolveEngine('cpu'))

describe('a reader', () => {
  const tokens = tokensOf(1, 27)

  it.each([[[1]], [[3]], [[4]], [[5]], [[7, 1, 2]]])('reads in pieces of %j as at once', (pieces) => {
    const whole = readInPieces(system(true), tokens, [27])
    const parts = readInPieces(system(true), tokens, pieces)
    expect(parts.steps).toBe(whole.steps)
    for (let i = 1; i < tokens.length; i++) expect(parts.losses[i]).toBeCloseTo(whole.losses[i], 5)
  })

  it('takes a step when the token after a chunk is known, not before', () => {
    expect(readInPieces(system(true), tokens.slice(0, 4), [4]).steps).toBe(0)
    expect(readInPieces(system(true), tokens.slice(0, 5), [4]).steps).toBe(1)
    expect(readInPieces(system(true), tokens.slice(0, 5), [5]).steps).toBe(1)
  })

  it('predicts nothing for the first token only', () => {
    const { losses } = readInPieces(system(true), tokens, [6])
    expect(losses.map(Number.isNaN)).toEqual([true, ...Array<boolean>(26).fill(false)])
  })

  it('learns: the losses of the second chunk are others than without a rule, those of the first are the same', () => {
    const learning = readInPieces(system(true), tokens, [27]).losses
    const still = readInPieces(system(false), tokens, [27]).losses
    for (let i = 1; i <= 4; i++) expect(learning[i]).toBeCloseTo(still[i], 6)
    expect(Math.abs(learning[6] - still[6])).toBeGreaterThan(1e-4)
  })

  it('holds a constant number of bytes at the same place in a chunk', () => {
    const { bytes } = readInPieces(system(true), tokensOf(1, 26), [1])
    expect(readInPieces(system(true), tokensOf(1, 50), [1]).bytes).toBe(bytes)
  })

  it('frees everything', () => {
    const before = liveTensors()
    readInPieces(system(true), tokens, [3])
    readInPieces(system(false, 0), tokens, [27])
    expect(liveTensors()).toBe(before)
  })

  it('refuses tokens that are not rows of one length', () => {
    const subject = system(true)
    const reader = new Reader(subject, subject.decoder.init(createRandom(1)), { batch: 2 })
    expect(() => reader.read(new Int32Array(3))).toThrow("3 tokens don't make 2 sequences of one length")
  })
})
