import '@ttt-e2e/kernels/engines'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  decodeSafetensors,
  encodeSafetensors,
  relativeError,
  tf,
  type PlainTensors,
} from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { CheckpointError } from './checkpoint-error'
import { loadModel } from './load-model'
import { decodeMemory, encodeMemory } from './memory-file'
import { loadMemory, saveMemory } from './memory-on-disk'
import type { Model } from './model'
import { saveCheckpoint } from './save-checkpoint'
import { microRecipe, microRun } from './testing/micro-run'
import { setPath } from './testing/set-path'

const folder = mkdtempSync(join(tmpdir(), 'model-'))
const text = 'The sea keeps what it takes, and gives back what it will.'
let model: Model
let other: Model

useEngine('wasm', { threads: 1 })

beforeAll(async () => {
  const save = async (name: string, seed: number, system = 'ttt-e2e') => {
    const recipe = microRecipe(system)
    await saveCheckpoint(join(folder, name), microRun({ ...recipe, training: { ...recipe.training, seed } }))
  }
  await save('one', 1)
  await save('other', 2)
  await save('static', 1, 'ttt-static')
  model = await loadModel(join(folder, 'one'))
  other = await loadModel(join(folder, 'other'))
})

async function generated(from: Model, memory: Awaited<ReturnType<Model['read']>>, options = {}) {
  const pieces: string[] = []
  for await (const piece of from.generate(memory, { maxTokens: 40, seed: 3, ...options })) pieces.push(piece)
  return pieces
}

describe('a model', () => {
  it('reads a text and goes on with it', async () => {
    const model = await loadModel(join(folder, 'one'))
    const memory = await model.read(text)
    let written = ''
    for await (const piece of model.generate(memory, { maxTokens: 20 })) written += piece
    expect(written.length).toBeGreaterThan(0)
    expect(memory).toMatchObject({ tokens: 57 + 20, steps: 14 })
    expect(memory.stateBytes()).toBeGreaterThan(0)
    memory.dispose()
    model.dispose()
  })

  it('gives the same text for the same seed, and a fork never changes its parent', async () => {
    const memory = await model.read(text)
    const before = await encodeMemory(memory)
    const fork = memory.fork()
    const pieces = await generated(model, fork, { learn: true })
    expect(fork.tokens).toBeGreaterThan(memory.tokens)
    expect(await encodeMemory(memory)).toEqual(before)
    expect(await generated(model, memory, { learn: true })).toEqual(pieces)
  })

  it('a memory that was reset is as a new one, and its forks keep what they have', async () => {
    const memory = await model.read(text)
    const fork = memory.fork()
    memory.reset()
    expect(memory).toMatchObject({ tokens: 0, steps: 0 })
    await model.read('Call me Ishmael.', { memory })
    const fresh = await model.read('Call me Ishmael.')
    expect(await generated(model, memory)).toEqual(await generated(model, fresh))
    expect(await generated(model, fork)).toEqual(await generated(model, await model.read(text)))
    for (const each of [memory, fork, fresh]) each.dispose()
  })

  it('a decay that a memory is given changes what it learns, and none leaves it', async () => {
    const long = text.repeat(3)
    const [usual, none, strong] = [undefined, 0, 1].map((decay) => model.startMemory({ decay }))
    for (const memory of [usual, none, strong]) await model.read(long, { memory })
    const [a, b, c] = await Promise.all([usual, none, strong].map((memory) => memory.reader.nextLogits()))
    expect(b).toEqual(a)
    expect(c).not.toEqual(a)
    for (const each of [usual, none, strong]) each.dispose()
  })

  it('a decay that a model is loaded with is all its memories’, from a file and forked ones too', async () => {
    const loaded = await loadModel(join(folder, 'one'), { decay: 0.5 })
    const [own, given] = [loaded.startMemory(), model.startMemory({ decay: 0.5 })]
    await loaded.read(text, { memory: own })
    const again = await decodeMemory(loaded, await encodeMemory(own))
    const fork = own.fork()
    for (const count of [1, 2]) await model.read(text.repeat(count), { memory: given })
    for (const memory of [own, again, fork]) await loaded.read(text.repeat(2), { memory })
    const expected = await given.reader.nextLogits()
    for (const memory of [own, again, fork])
      expect(relativeError(await memory.reader.nextLogits(), expected)).toBeLessThan(1e-5)
    for (const decay of [-1, 1.5, NaN, Infinity])
      await expect(loadModel(join(folder, 'one'), { decay })).rejects.toThrow(
        /^the decay is [^;]*; it must be a number from 0/,
      )
    await expect(loadModel(join(folder, 'static'), { decay: 0.5 })).rejects.toThrow(
      /^a decay was given, and 'ttt-static' has no inner steps/,
    )
    for (const each of [own, given, again, fork]) each.dispose()
    loaded.dispose()
  })

  it('holds back an unfinished character for the next generation', async () => {
    const memory = await model.read(text)
    // The likeliest token needs no seed, so that one at a time gives the same as all at once.
    const greedy = { temperature: 0 }
    const atOnce = await generated(model, memory.fork(), greedy)
    const parts: string[] = []
    for (let i = 0; i < 40; i++) parts.push(...(await generated(model, memory, { ...greedy, maxTokens: 1 })))
    expect(parts).toEqual(atOnce)
  })

  it('reports progress, stops at an abort and leaves nothing behind', async () => {
    const tensors = tf.memory().numTensors
    const controller = new AbortController()
    const seen: number[] = []
    const reading = model.read(text.repeat(20), {
      signal: controller.signal,
      onProgress({ done, total }) {
        expect(total).toBe(text.length * 20)
        if (seen.push(done) === 3) controller.abort()
      },
    })
    await expect(reading).rejects.toThrow(/abort/i)
    expect(seen).toEqual([128, 256, 384])
    expect(tf.memory().numTensors).toBe(tensors)
  })

  it('refuses tokens outside the vocabulary and keeps the memory as it was', async () => {
    const memory = await model.read(text)
    await expect(model.read([65, 257], { memory })).rejects.toThrow(/token 257 at position 1 is outside/)
    expect(memory.tokens).toBe(57)
  })
})

describe('a memory in a file', () => {
  it('keeps the beginning of a character and a memory of nothing', async () => {
    const memory = await model.read('aé')
    memory.unfinished = [0xe9, 0xaf]
    const path = join(folder, 'unfinished.safetensors')
    await saveMemory(memory, path)
    expect(loadMemory(model, path).unfinished).toEqual([0xe9, 0xaf])
    expect(decodeMemory(model, await encodeMemory(model.startMemory())).tokens).toBe(0)
  })

  it('of a model that does not learn is taken up too, and one that passed chunks by', async () => {
    const still = await loadModel(join(folder, 'static'))
    expect(decodeMemory(still, await encodeMemory(await still.read(text)))).toMatchObject({
      tokens: 57,
      steps: 0,
    })
    const passed = await model.read(text, { learn: false })
    expect(decodeMemory(model, await encodeMemory(passed))).toMatchObject({ tokens: 57, steps: 0 })
  })

  it("refuses another model's in one sentence", async () => {
    const memory = await other.read(text)
    const message =
      /the memory is of another model \(\w{12}…, this one is \w{12}…\); only the model that read can/
    const bytes = await encodeMemory(memory)
    expect(() => decodeMemory(model, bytes)).toThrow(message)
    await expect(model.read('x', { memory })).rejects.toThrow(message)
    await expect(model.generate(memory).next()).rejects.toThrow(message)
  })

  /** The first rows of the axis of tokens [1, rows, …] alone. */
  const cutRows = (tensor: PlainTensors[string], rows: number) => {
    const [one, all, ...rest] = tensor.shape
    tensor.values = tensor.values.slice(0, (tensor.values.length / all) * rows)
    tensor.shape = [one, rows, ...rest]
  }

  it('refuses what is not sound', async () => {
    const bytes = await encodeMemory(await model.read(text.slice(0, 55)))
    const edited = (change: (tensors: PlainTensors, metadata: Record<string, string>) => void) => {
      const { tensors, metadata } = decodeSafetensors(bytes)
      change(tensors, metadata)
      return encodeSafetensors(tensors, metadata)
    }
    const state = (path: string, value: unknown) =>
      edited((_, metadata) => {
        const meta: unknown = JSON.parse(metadata.state)
        setPath(meta, path, value)
        metadata.state = JSON.stringify(meta)
      })
    const cases: [Uint8Array, RegExp][] = [
      [bytes.subarray(0, 100), /header claims/],
      [encodeSafetensors({}), /it is not a memory/],
      [edited((_, m) => (m.schemaVersion = '9')), /schema version is 9/],
      [edited((_, m) => (m.schemaVersion = '1')), /is 1, this release reads version 2: read its text again/],
      [edited((_, m) => (m.state = '{')), /state: /],
      [edited((_, m) => (m.unfinished = '"x"')), /unfinished: /],
      [edited((t) => delete t.last), /last is missing/],
      [edited((t) => (t.other = t.last)), /other is no part of this model's memory/],
      [edited((t) => (t.last.shape = [1, 8, 1])), /last is \[1, 8, 1\], not of the form \[1, 1, 8\]/],
      [edited((t) => (t['fast.0.w1'].values[0] = NaN)), /fast\.0\.w1 has values that are not finite/],
      [edited((t) => (t.last.values = new Int32Array(8))), /last is of type I32/],
      [state('position', 4), /steps can't have been taken/],
      [state('position', 2 ** 31), /state: position/],
      [
        edited((t) => cutRows(t['prefix.0.mixer.k'], 2)),
        /its states hold \d+ bytes; after 55 tokens they hold/,
      ],
      [state('open.rows', 9), /its open chunk has 9 tokens/],
      [state('open.tokens', [[1]]), /not one sequence of/],
      [state('open.tokens', [[1, 999, 3]]), /token 999 at position 1 is outside/],
      [state('prefix', []), /state: .*prefix/],
      [state('open.states', []), /state: .*states/],
      [edited((t) => delete t['prefix.1.mixer.k']), /prefix\.1\.mixer\.k is missing/],
      [edited((t) => delete t['suffix.0.mixer.v']), /suffix\.0\.mixer\.v is missing/],
      [edited((t) => delete t['open.states.0.mixer.k']), /open\.states\.0\.mixer\.k is missing/],
      [edited((t) => (t['suffix.1.mixer.k'] = t.last)), /suffix\.1\.mixer\.k is no part of this/],
      [
        edited((t) => (t['open.states.0.mixer.k'].shape = t['open.states.0.mixer.k'].shape.toReversed())),
        /open\.states\.0\.mixer\.k is \[/,
      ],
      // What steps allow of tokens that were read without learning too.
      [state('position', 56), /it is not the file that was saved \(its hash differs\)/],
      [state('position', 71), /it is not the file that was saved/],
      [edited((t) => (t.last.values[0] += 1)), /it is not the file that was saved/],
      [edited((_, m) => (m.unfinished = '[65]')), /it is not the file that was saved/],
      [edited((_, m) => (m.unfinished = '[257]')), /unfinished: token 257 at position 0 is outside/],
      [state('steps', -1), /state: steps/],
    ]
    for (const [damaged, error] of cases) {
      expect(() => decodeMemory(model, damaged)).toThrow(CheckpointError)
      expect(() => decodeMemory(model, damaged)).toThrow(error)
    }
    // As those of earlier releases, without a hash.
    const earlier = edited((_, m) => delete m.sha256)
    expect(decodeMemory(model, earlier).tokens).toBe(55)
    expect(() => loadMemory(model, join(folder, 'none'))).toThrow(
      /it can't be read: there is no such file or folder \(ENOENT\)/,
    )
    writeFileSync(join(folder, 'good.memory'), bytes)
    expect(loadMemory(model, join(folder, 'good.memory')).tokens).toBe(55)
  })
})
