import { beforeAll, expect, it } from 'vitest'
import { createRandom, disposeTree, liveTensors, relativeError, resolveEngine } from '@ttt-e2e/tensor-ops'
import { attentionMixer, createDecoder } from '@ttt-e2e/swa-transformer'
import { Reader } from './reader'
import { ReaderGroup } from './reader-group'
import type { Params, System } from './system'
import { randomTokens, smallSystem } from './testing'

beforeAll(() => resolveEngine('cpu'))

const windows = smallSystem(true)
const { decoder, rule } = windows
const { chunk } = rule!
/** Caches of other sizes where more was read. */
const growing: System = {
  ...windows,
  decoder: createDecoder({ ...decoder.config, mixers: decoder.config.mixers.map(() => attentionMixer(0)) }),
}

/** Readers at these places of different texts. */
const readersAt = (system: System, params: Params, places: readonly number[]): Promise<Reader[]> =>
  Promise.all(
    places.map(async (length, seed) => {
      const reader = new Reader(system, params)
      await reader.read(randomTokens(1, length, seed))
      return reader
    }),
  )

/** How many sequences each pass through the prefix has. */
function passesOf(system: System): number[] {
  const rows: number[] = []
  const { embed } = system.decoder
  system.decoder.embed = (embedding, tokens) => {
    rows.push(tokens.shape[0])
    return embed(embedding, tokens)
  }
  return rows
}

/** Nothing predicts a text's very first token. */
const known = (nats: Float32Array): number[] => [...nats].map((each) => (Number.isNaN(each) ? -1 : each))

/** Places, and how many readers go together in each pass over a piece of theirs. */
const cases: [what: string, system: () => System, places: number[], passes: number[]][] = [
  ['beginnings of texts', () => smallSystem(true), [0, 0, 0], [3]],
  [
    'chunks that are full and not learned from yet',
    () => smallSystem(true),
    [2 * chunk, 5 * chunk, 3 * chunk],
    [3],
  ],
  ['chunks as far as each other', () => smallSystem(true), [5 * chunk + 1, chunk + 1], [2]],
  ['chunks that fill at other times', () => smallSystem(true), [3, 7, 5, 1, 6], [2, 2, 1]],
  ['a beginning and what goes on', () => smallSystem(true), [0, 2 * chunk], [1, 1]],
  ['no rule', () => smallSystem(false), [3, 17, 8], [3]],
  ['caches that grow', () => growing, [chunk, 15 * chunk, 16 * chunk], [1, 2]],
]

it.each(cases)('reads what each reads alone: %s', async (_, make, places, passes) => {
  const system = make()
  const params = system.decoder.init(createRandom(1))
  const [together, apart] = [await readersAt(system, params, places), await readersAt(system, params, places)]
  const group = new ReaderGroup({ system, params })
  for (const length of [3 * chunk, chunk - 1, 2]) {
    const pieces = together.map((reader, i) => ({
      reader,
      tokens: randomTokens(1, length, 100 * length + i),
      learn: true,
    }))
    const expected = await Promise.all(apart.map((reader, i) => reader.read(pieces[i].tokens)))
    const rows = passesOf(system)
    const nats = await group.read(pieces)
    if (length === 3 * chunk) expect(rows.toSorted()).toEqual(passes.toSorted())
    nats.forEach((row, i) => expect(relativeError(known(row), known(expected[i]))).toBeLessThan(1e-5))
  }
  for (const [i, reader] of together.entries()) {
    const [a, b] = [await reader.save(), await apart[i].save()]
    expect(a.meta).toEqual(b.meta)
    for (const [name, { values }] of Object.entries(b.tensors))
      if (a.tensors[name].shape.join() === b.tensors[name].shape.join())
        expect(relativeError(a.tensors[name].values as Float32Array, values as Float32Array)).toBeLessThan(
          1e-4,
        )
  }
})

it('reads with learning and without in passes of their own; what does not learn keeps its weights to the bit', async () => {
  const system = smallSystem(true)
  const params = system.decoder.init(createRandom(1))
  const places = [5, 9, 13, 17]
  const [together, apart] = [await readersAt(system, params, places), await readersAt(system, params, places)]
  const before = await Promise.all(together.map((reader) => reader.save()))
  const pieces = together.map((reader, i) => ({
    reader,
    tokens: randomTokens(1, 3 * chunk, i),
    learn: i % 2 === 0,
  }))
  const expected = await Promise.all(
    apart.map((reader, i) => reader.read(pieces[i].tokens, { learn: pieces[i].learn })),
  )
  const rows = passesOf(system)
  const nats = await new ReaderGroup({ system, params }).read(pieces)
  expect(rows).toEqual([2, 2])
  for (const [i, reader] of together.entries()) {
    expect(relativeError(known(nats[i]), known(expected[i]))).toBeLessThan(1e-5)
    const [a, b] = [await reader.save(), await apart[i].save()]
    expect(a.meta).toEqual(b.meta)
    for (const [name, { values }] of Object.entries(b.tensors)) {
      const own = a.tensors[name].values as Float32Array
      expect(relativeError(own, values as Float32Array)).toBeLessThan(1e-4)
      if (!pieces[i].learn && name.startsWith('fast.')) expect(own).toEqual(before[i].tensors[name].values)
    }
  }
})

it('reads with readers that decode together, and frees all in the end', async () => {
  const before = liveTensors()
  const params = decoder.init(createRandom(1))
  const group = new ReaderGroup({ system: windows, params })
  const [together, apart] = [
    await readersAt(windows, params, [5, 9]),
    await readersAt(windows, params, [5, 9]),
  ]
  const steps = (token: number) => together.map((reader) => ({ reader, token, learn: true }))
  await group.step(steps(3))
  const tokens = randomTokens(1, 2 * chunk, 7)
  await group.read(together.map((reader) => ({ reader, tokens, learn: true })))
  const logits = await group.step(steps(4))
  for (const [i, reader] of apart.entries()) {
    for (const piece of [Int32Array.of(3), tokens, Int32Array.of(4)]) await reader.read(piece)
    expect(relativeError(logits[i], await reader.nextLogits())).toBeLessThan(1e-5)
  }
  for (const reader of [...together, ...apart]) reader.dispose()
  disposeTree(params)
  expect(liveTensors()).toBe(before)
})

it('frees all where a pass fails', async () => {
  const system = smallSystem(true)
  const params = decoder.init(createRandom(1))
  const tensors = liveTensors()
  const readers = await readersAt(system, params, [8, 12])
  const { readSuffix } = system.decoder
  system.decoder.readSuffix = () => {
    throw new Error('no memory left')
  }
  const pieces = readers.map((reader) => ({ reader, tokens: randomTokens(1, 6), learn: true }))
  await expect(new ReaderGroup({ system, params }).read(pieces)).rejects.toThrow('no memory left')
  system.decoder.readSuffix = readSuffix
  for (const reader of readers) reader.dispose()
  expect(liveTensors()).toBe(tensors)
})

it('tells what a reader holds, and where it is, while it is joined to others', async () => {
  const system = smallSystem(true)
  const params = decoder.init(createRandom(1))
  const [together, [apart]] = [await readersAt(system, params, [8, 12]), await readersAt(system, params, [8])]
  const pieces = together.map((reader) => ({ reader, tokens: randomTokens(1, 9), learn: true }))
  const group = new ReaderGroup({ system, params })
  await group.read(pieces)
  await apart.read(pieces[0].tokens)
  const [{ position, steps }] = together
  expect([position, steps]).toEqual([apart.position, apart.steps])
  expect(together[0].stateBytes()).toBe(apart.stateBytes())
  // Saving one gives all of them what they remember.
  await together[0].save()
  expect(together[1].stateBytes()).toBe(apart.stateBytes())
  // Read on without the other, it is by itself again, and so is the other.
  await group.read([{ reader: together[0], tokens: randomTokens(1, 2), learn: true }])
  await apart.read(randomTokens(1, 2))
  expect(together[0].form()).toEqual(apart.form())
  expect(together[1].position).toBe(21)
})

it('forks and saves readers between pieces, which go on as they would alone', async () => {
  const params = decoder.init(createRandom(1))
  const readers = await readersAt(windows, params, [chunk + 3, 4 * chunk + 3])
  const group = new ReaderGroup({ system: windows, params })
  const pass = (all: readonly Reader[], seed: number) =>
    group.read(all.map((reader, i) => ({ reader, tokens: randomTokens(1, chunk, seed + i), learn: true })))
  await pass(readers, 10)
  const [fork, restored] = [readers[0].fork(), new Reader(windows, params, {}, await readers[1].save())]
  const nats = await pass([...readers, restored], 20)
  const [alone, beside] = [await fork.read(randomTokens(1, chunk, 20)), await restored.save()]
  expect(relativeError(nats[0], alone)).toBeLessThan(1e-5)
  expect((await readers[1].save()).meta.position).toBe(beside.meta.position)
  expect(restored.position).toBe(5 * chunk + 3 + chunk)
  expect(fork.position).toBe(readers[0].position)
  // Other texts were read into it since: it is another memory than the one that it was saved from.
  expect(relativeError(nats[2], nats[1])).toBeGreaterThan(1e-3)
})

it('keeps to the rate and the decay that each reader was made with', async () => {
  const params = decoder.init(createRandom(1))
  const inner = [{}, { decay: 0.5 }, { rate: 2 }, {}]
  const [together, apart] = [0, 1].map(() => inner.map((options) => new Reader(windows, params, options)))
  const tokens = randomTokens(1, 3 * chunk, 7)
  const group = new ReaderGroup({ system: windows, params })
  for (let piece = 0; piece < 2; piece++) {
    const nats = await group.read(together.map((reader) => ({ reader, tokens, learn: true })))
    for (const [i, reader] of apart.entries())
      expect(relativeError(known(nats[i]), known(await reader.read(tokens)))).toBeLessThan(1e-5)
  }
  expect(group.fitting(together.map((reader) => ({ reader, tokens, learn: true })))).toHaveLength(2)
})
