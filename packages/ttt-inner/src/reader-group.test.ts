import { beforeAll, expect, it } from 'vitest'
import { createRandom, liveTensors, relativeError, resolveEngine } from '@ttt-e2e/tensor-ops'
import { Reader } from './reader'
import { ReaderGroup } from './reader-group'
import { randomTokens, smallSystem } from './testing'

beforeAll(() => resolveEngine('cpu'))

const system = smallSystem(true)
const params = system.decoder.init(createRandom(1))
const { chunk } = system.rule!

/** Readers at different places of different texts: inside of chunks, at a border, beyond a window. */
async function readers(): Promise<Reader[]> {
  return Promise.all(
    [3, 2 * chunk, 21, 40].map(async (length, seed) => {
      const reader = new Reader(system, params)
      await reader.read(randomTokens(1, length, seed))
      return reader
    }),
  )
}

/** What a reader predicts after each of some tokens, alone. */
async function alone(reader: Reader, tokens: Int32Array, learn: boolean): Promise<Float32Array[]> {
  const logits: Float32Array[] = []
  for (const token of tokens) {
    await reader.read(Int32Array.of(token), { learn })
    logits.push(await reader.nextLogits())
  }
  return logits
}

it.each([true, false])('predicts what each reader predicts alone, learning: %s', async (learn) => {
  const [together, apart] = [await readers(), await readers()]
  const length = 2 * chunk + 3
  const texts = together.map((_, seed) => randomTokens(1, length, 100 + seed))
  const group = new ReaderGroup({ system, params })
  const expected = await Promise.all(apart.map((reader, i) => alone(reader, texts[i], learn)))
  for (let t = 0; t < length; t++) {
    const logits = await group.step(together.map((reader, i) => ({ reader, token: texts[i][t], learn })))
    logits.forEach((row, i) => expect(relativeError(row, expected[i][t])).toBeLessThan(1e-5))
  }
  for (const [i, reader] of together.entries()) {
    expect([reader.position, reader.steps]).toEqual([apart[i].position, apart[i].steps])
    const [a, b] = [await reader.save(), await apart[i].save()]
    expect(a.meta).toEqual(b.meta)
    for (const [name, { values }] of Object.entries(b.tensors))
      if (a.tensors[name].shape.join() === b.tensors[name].shape.join())
        expect(relativeError(a.tensors[name].values as Float32Array, values as Float32Array)).toBeLessThan(
          1e-4,
        )
  }
})

it('lets readers come and go, and be used by themselves in between', async () => {
  const [together, apart] = [await readers(), await readers()]
  const group = new ReaderGroup({ system, params })
  const texts = together.map((_, seed) => randomTokens(1, 12, 200 + seed))
  const expected = await Promise.all(apart.map((reader, i) => alone(reader, texts[i], true)))
  for (let t = 0; t < 12; t++) {
    // One of them reads alone at each step.
    const loner = t % together.length
    const steps = together.map((reader, i) => ({ reader, token: texts[i][t], learn: true }))
    const logits = await group.step(steps.filter((_, i) => i !== loner).toReversed())
    const own = await alone(together[loner], texts[loner].slice(t, t + 1), true)
    const all = logits.toReversed()
    all.splice(loner, 0, own[0])
    all.forEach((row, i) => expect(relativeError(row, expected[i][t])).toBeLessThan(1e-5))
  }
  expect(together.map(({ steps }) => steps)).toEqual(apart.map(({ steps }) => steps))
})

it('forks a reader of a group, and frees all in the end', async () => {
  const before = liveTensors()
  const group = new ReaderGroup({ system, params })
  const all = await readers()
  await group.step(all.map((reader, token) => ({ reader, token, learn: true })))
  const fork = all[1].fork()
  const [a] = await group.step([{ reader: all[1], token: 7, learn: true }])
  const [b] = await alone(fork, Int32Array.of(7), true)
  expect(relativeError(a, b)).toBeLessThan(1e-6)
  for (const reader of [...all, fork]) reader.dispose()
  expect(liveTensors()).toBe(before)
})

it('takes the steps of chunks that fill at the same time together', async () => {
  const group = new ReaderGroup({ system, params })
  const all = await Promise.all(
    [chunk - 1, 3 * chunk - 1, 5 * chunk - 1, 2].map(async (length, seed) => {
      const reader = new Reader(system, params)
      await reader.read(randomTokens(1, length, seed))
      return reader
    }),
  )
  const rows: number[] = []
  const { losses } = system.decoder
  system.decoder.losses = (params, hidden, targets) => {
    rows.push(hidden.shape[0])
    return losses(params, hidden, targets)
  }
  const before = all.map(({ steps }) => steps)
  for (const token of [1, 2]) await group.step(all.map((reader) => ({ reader, token, learn: true })))
  system.decoder.losses = losses
  expect(all.map(({ steps }, i) => steps - before[i])).toEqual([1, 1, 1, 0])
  expect(rows).toEqual([3])
})

it('keeps to the decay that each reader was made with', async () => {
  const made = async () =>
    Promise.all(
      [undefined, 0.5, 1].map(async (decay, seed) => {
        const reader = new Reader(system, params, { decay, rate: 2 })
        await reader.read(randomTokens(1, 2 * chunk, seed))
        return reader
      }),
    )
  const [together, apart] = [await made(), await made()]
  const text = randomTokens(1, 2 * chunk, 7)
  const group = new ReaderGroup({ system, params })
  const expected = await Promise.all(apart.map((reader) => alone(reader, text, true)))
  for (const [t, token] of text.entries()) {
    const logits = await group.step(together.map((reader) => ({ reader, token, learn: true })))
    logits.forEach((row, i) => expect(relativeError(row, expected[i][t])).toBeLessThan(1e-5))
  }
})
