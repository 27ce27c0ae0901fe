import { beforeAll, describe, expect, it } from 'vitest'
import '@ttt-e2e/kernels/engines'
import {
  createRandom,
  disposeTree,
  liveTensors,
  readBacks,
  relativeError,
  resolveEngine,
  tf,
} from '@ttt-e2e/tensor-ops'
import { inFloat64, useEngine } from '@ttt-e2e/tensor-ops/testing'
import { Reader } from './reader'
import { countStateBytes } from './state-bytes'
import type { System } from './system'
import { randomTokens, smallSystem } from './testing'

async function readInPieces(subject: System, tokens: Int32Array, pieces: number[]) {
  const params = subject.decoder.init(createRandom(1))
  const reader = new Reader(subject, params)
  const losses: number[] = []
  for (let start = 0, i = 0; start < tokens.length; i++) {
    const end = Math.min(tokens.length, start + pieces[i % pieces.length])
    losses.push(...(await reader.read(tokens.slice(start, end))))
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
  const tokens = randomTokens(1, 27)

  it('takes a step when the token after a chunk is known, not before', async () => {
    expect((await readInPieces(smallSystem(true), tokens.slice(0, 4), [4])).steps).toBe(0)
    expect((await readInPieces(smallSystem(true), tokens.slice(0, 5), [4])).steps).toBe(1)
    expect((await readInPieces(smallSystem(true), tokens.slice(0, 5), [5])).steps).toBe(1)
  })

  it('predicts nothing for the first token only', async () => {
    const { losses } = await readInPieces(smallSystem(true), tokens, [6])
    expect(losses.map(Number.isNaN)).toEqual([true, ...Array<boolean>(26).fill(false)])
  })

  it('learns: the losses of the second chunk are others than without a rule, those of the first are the same', async () => {
    const { losses: learning } = await readInPieces(smallSystem(true), tokens, [27])
    const { losses: still } = await readInPieces(smallSystem(false), tokens, [27])
    for (let i = 1; i <= 4; i++) expect(learning[i]).toBeCloseTo(still[i], 6)
    expect(Math.abs(learning[6] - still[6])).toBeGreaterThan(1e-4)
  })

  it('holds a constant number of bytes at the same place in a chunk', async () => {
    const { bytes } = await readInPieces(smallSystem(true), randomTokens(1, 26), [1])
    expect((await readInPieces(smallSystem(true), randomTokens(1, 50), [1])).bytes).toBe(bytes)
  })

  it.each([1, 4, 5, 26])('holds as many bytes after %i tokens as are counted', async (length) => {
    for (const system of [smallSystem(true), smallSystem(false)]) {
      const { bytes } = await readInPieces(system, randomTokens(1, length), [3])
      expect(bytes).toBe(countStateBytes(system, length))
    }
  })

  it('frees everything', async () => {
    const before = liveTensors()
    await readInPieces(smallSystem(true), tokens, [3])
    await readInPieces(smallSystem(false, 0), tokens, [27])
    expect(liveTensors()).toBe(before)
  })

  it('refuses tokens that are not rows of one length', async () => {
    const subject = smallSystem(true)
    const reader = new Reader(subject, subject.decoder.init(createRandom(1)), { batch: 2 })
    await expect(reader.read(new Int32Array(3))).rejects.toThrow(
      "3 tokens don't make 2 sequences of one length",
    )
  })

  it.each([1, 4, 7, 8])(
    'predicts the known next token, learns with it and does not read it: %i tokens',
    async (length) => {
      const subject = smallSystem(true)
      const params = subject.decoder.init(createRandom(1))
      const read = async (next: boolean) => {
        const reader = new Reader(subject, params, { batch: 2 })
        const rows = (start: number, end: number) =>
          Int32Array.from([...tokens.slice(start, end), ...tokens.slice(start + 9, end + 9)])
        const given = next
          ? await reader.read(rows(0, length), { next: rows(length, length + 1) })
          : await reader.read(rows(0, length))
        const { position, steps } = reader
        const after = await reader.read(rows(length, 12))
        reader.dispose()
        return { given, position, steps, after, stepsAfter: reader.steps }
      }
      const known = await read(true)
      const unknown = await read(false)
      expect(known).toMatchObject({
        position: length,
        steps: Math.floor(length / 4),
        stepsAfter: unknown.stepsAfter,
      })
      expect(relativeError(known.after, unknown.after)).toBeLessThan(1e-5)
      for (const b of [0, 1]) {
        const losses = known.given.slice(b * (length + 1), (b + 1) * (length + 1))
        expect(losses[length]).toBeCloseTo(unknown.after[b * (12 - length)], 5)
        for (let i = 1; i < length; i++) expect(losses[i]).toBeCloseTo(unknown.given[b * length + i], 5)
      }
      disposeTree(params)
    },
  )

  it('reports the same loss of a token whether or not its logits were asked for', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const read = async (ask: boolean) => {
      const reader = new Reader(subject, params, { batch: 2 })
      await reader.read(Int32Array.of(1, 2, 3, 4, 5, 6))
      if (ask) (await reader.nextLogits()).fill(0)
      const losses = [
        ...(await reader.read(Int32Array.of(3, 1))),
        ...(await reader.read(Int32Array.of(2, 5))),
      ]
      reader.dispose()
      return losses
    }
    expect(relativeError(await read(true), await read(false))).toBeLessThan(1e-6)
    disposeTree(params)
  })

  it('refuses another number of next tokens than of sequences', async () => {
    const subject = smallSystem(true)
    const reader = new Reader(subject, subject.decoder.init(createRandom(1)), { batch: 2 })
    await expect(reader.read(new Int32Array(4), { next: new Int32Array(1) })).rejects.toThrow(
      '1 next tokens were given for 2 sequences',
    )
  })

  it('goes on bitwise from a saved memory that went through JSON and plain values', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const reader = new Reader(subject, params)
    await reader.read(tokens.slice(0, 14))
    const { tensors, meta } = await reader.save()
    const restored = new Reader(subject, params, {}, { tensors, meta: JSON.parse(JSON.stringify(meta)) })
    expect(restored.position).toBe(14)
    expect(await restored.nextLogits()).toEqual(await reader.nextLogits())
    expect(await restored.read(tokens.slice(14))).toEqual(await reader.read(tokens.slice(14)))
    expect(restored.steps).toBe(6)
  })

  it('lets calls take effect in the order in which they are made, awaited or not', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const one = new Reader(subject, params)
    const awaited = [
      await one.read(tokens.slice(0, 9)),
      await one.nextLogits(),
      await one.read(tokens.slice(9, 14)),
      (await one.save()).tensors,
      await one.read(tokens.slice(14)),
    ]
    const other = new Reader(subject, params)
    const together = await Promise.all([
      other.read(tokens.slice(0, 9)),
      other.nextLogits(),
      other.read(tokens.slice(9, 14)),
      other.save().then((saved) => saved.tensors),
      other.read(tokens.slice(14)),
    ])
    expect(together).toEqual(awaited)
  })

  it('reads back once for a piece of many chunks, and not at all for a first token', async () => {
    const subject = smallSystem(true)
    const reader = new Reader(subject, subject.decoder.init(createRandom(1)))
    const before = readBacks()
    await reader.read(tokens.slice(0, 1))
    expect(readBacks() - before).toBe(0)
    await reader.read(tokens.slice(1))
    expect(readBacks() - before).toBe(1)
  })

  it('forks: neither changes the other, and both own what they hold', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const before = liveTensors()
    const reader = new Reader(subject, params)
    await reader.read(tokens.slice(0, 14))
    const { numDataBuffers } = tf.memory()
    const fork = reader.fork()
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers)
    const left = await reader.nextLogits()
    await fork.read(tokens.slice(3, 12))
    expect(await reader.nextLogits()).toEqual(left)
    expect(reader).toMatchObject({ position: 14, steps: 3 })
    reader.dispose()
    expect((await fork.read(tokens.slice(14))).every(Number.isFinite)).toBe(true)
    fork.dispose()
    expect(liveTensors()).toBe(before)
  })

  it('reads after a reset as if it had read nothing, to the bit', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const before = liveTensors()
    const reader = new Reader(subject, params)
    const first = await reader.read(tokens)
    await reader.read(tokens.slice(0, 6))
    reader.reset()
    expect(reader).toMatchObject({ position: 0, steps: 0 })
    expect(await reader.read(tokens)).toEqual(first)
    reader.dispose()
    expect(liveTensors()).toBe(before)
  })

  it('refuses a memory of another model, naming what does not fit', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const reader = new Reader(subject, params)
    await reader.read(tokens)
    const saved = await reader.save()
    const other = smallSystem(true, 1)
    expect(() => new Reader(other, other.decoder.init(createRandom(1)), {}, saved)).toThrow(
      "the memory doesn't fit the model: prefix has 2 states, not 3",
    )
  })

  it('passes by chunks while it is told not to learn', async () => {
    const subject = smallSystem(true)
    const params = subject.decoder.init(createRandom(1))
    const reader = new Reader(subject, params)
    const losses = await reader.read(tokens, { learn: false })
    expect(reader.steps).toBe(0)
    const still = await new Reader(smallSystem(false), params).read(tokens)
    for (let i = 1; i < tokens.length; i++) expect(losses[i]).toBeCloseTo(still[i], 5)
  })
})

/** What a reader of the system remembers, and said on the way. */
async function memoryOf(tokens: Int32Array, pieces: number[], rate: number) {
  const subject = smallSystem(true)
  const params = subject.decoder.init(createRandom(1))
  const reader = new Reader(subject, params, { rate })
  const losses: number[] = []
  for (let start = 0, i = 0; start < tokens.length; i++) {
    const end = Math.min(tokens.length, start + pieces[i % pieces.length])
    losses.push(...(await reader.read(tokens.slice(start, end))))
    start = end
  }
  const memory = { ...(await reader.save()), losses: losses.slice(1), logits: await reader.nextLogits() }
  reader.dispose()
  disposeTree(params)
  return memory
}

type Remembered = Awaited<ReturnType<typeof memoryOf>>

function expectSame(a: Remembered, b: Remembered, tolerance: number) {
  expect(a.meta).toEqual(b.meta)
  expect(Object.keys(a.tensors)).toEqual(Object.keys(b.tensors))
  for (const [name, { values }] of Object.entries(b.tensors))
    expect(relativeError(a.tensors[name].values, values), name).toBeLessThan(tolerance)
  expect(relativeError(a.logits, b.logits)).toBeLessThan(tolerance)
  expect(relativeError(a.losses, b.losses)).toBeLessThan(tolerance)
}

/** With chunks of four, so b − 1, b and b + 1 are among them. */
const pieces = [[1], [7], [3], [4], [5], [7, 1, 2]]

describe('a memory read in pieces is the one read at once', () => {
  const tokens = randomTokens(1, 51)

  // Twelve steps of rate 1 from weights as drawn make a rounding error some hundred times larger.
  it.each(pieces.map((each) => [each]))('of %j, in float64', (each) =>
    inFloat64(async () => expectSame(await memoryOf(tokens, each, 1), await memoryOf(tokens, [51], 1), 1e-9)),
  )

  describe.each(['cpu', 'native', 'wasm'])('on %s', (engine) => {
    useEngine(engine)

    it.each(pieces.map((each) => [each]))(
      'of %j, to rounding; twice in the same pieces, to the bit',
      async (each) => {
        const memory = await memoryOf(tokens, each, 0.1)
        expectSame(memory, await memoryOf(tokens, [51], 0.1), 2e-6)
        expect(await memoryOf(tokens, each, 0.1)).toEqual(memory)
      },
    )
  })
})
