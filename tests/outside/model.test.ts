import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem, type MixerMaker, type NamedDefinition } from '@ttt-e2e/baselines'
import {
  CheckpointError,
  loadCheckpoint,
  loadModel,
  Model,
  readText,
  saveCheckpoint,
  saveModel,
  type Format,
} from '@ttt-e2e/checkpoint'
import { DataError, DecodeStream, type Tokenizer, type TokenizerMaker } from '@ttt-e2e/data'
import { standardOptimizer, standardSchedule, startRun } from '@ttt-e2e/meta-outer'
import { attentionMixer, type Architecture } from '@ttt-e2e/swa-transformer'
import { createRandom, resolveEngine, treeEntries } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'

// A system, a tokenizer and a format that this repository knows nothing of, through what its packages publish.

const folder = mkdtempSync(join(tmpdir(), 'outside-'))
beforeAll(() => resolveEngine('cpu'))

/** A mixer: attention in a window that is given in halves. */
const halves: MixerMaker = (options) => attentionMixer((options as { halves: number }).halves / 2)

const definition: NamedDefinition = {
  name: 'outsider',
  summary: 'every second layer sees half as far; it learns while it reads',
  pattern: ({ window }) => [
    { name: 'halves', options: { halves: window } },
    { name: 'attention', options: { window } },
  ],
  mixers: { halves },
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
const size = {
  vocabularySize: 27,
  hiddenSize: 8,
  heads: 2,
  layers: 2,
  intermediateSize: 16,
  suffixBlocks: 1,
  window: 8,
  chunk: 4,
  innerRate: 1,
  ropeTheta: 10_000,
}

/** A tokenizer: letters without case, everything else a space. */
const letters: TokenizerMaker = ({ first }) => {
  if (typeof first !== 'string') throw new DataError(`first is ${String(first)}; it must be a letter`)
  const base = first.charCodeAt(0)
  const tokenizer: Tokenizer = {
    name: 'letters',
    options: { first },
    vocabularySize: 27,
    encode: (text) =>
      Int32Array.from(text.toLowerCase(), (letter) =>
        /[a-z]/.test(letter) ? letter.charCodeAt(0) - base : 26,
      ),
    decode: (tokens) =>
      Array.from(tokens, (token) => (token === 26 ? ' ' : String.fromCharCode(base + token))).join(''),
    stream: (unfinished) => new DecodeStream(tokenizer, unfinished),
  }
  return tokenizer
}

const extensions = { mixers: { halves }, tokenizers: { letters } }

async function outsider(): Promise<Model> {
  const system = createSystem(definition, size)
  return new Model({
    system,
    params: system.decoder.init(createRandom(7)),
    tokenizer: await letters({ first: 'a' }),
    hash: 'a'.repeat(64),
  })
}

async function said(model: Model): Promise<{ text: string; nats: number[] }> {
  const nats: number[] = []
  const memory = await model.read('The sea keeps what it takes', {
    onProgress: ({ losses }) => nats.push(...losses),
  })
  expect(memory.steps).toBe(6)
  let text = ''
  for await (const piece of model.generate(memory, { maxTokens: 12, seed: 1 })) text += piece
  memory.dispose()
  return { text, nats }
}

it('a model of an outside system with an outside tokenizer is saved, and loaded with the same bits', async () => {
  const model = await outsider()
  const expected = await said(model)
  const at = join(folder, 'model')
  await saveModel(model, at)
  expect(await said(await loadModel(at, extensions))).toEqual(expected)
  await expect(loadModel(at)).rejects.toThrow("unknown tokenizer 'letters'; known: byte, symbols")
  await expect(loadModel(at, { tokenizers: { letters } })).rejects.toThrow(
    "unknown mixer 'halves'; known: attention, ",
  )
})

it('a run of an outside system is saved, and training goes on from it', async () => {
  const system = createSystem(definition, size)
  const recipe = {
    name: 'outside/letters',
    summary: 'none',
    system: 'outsider',
    size,
    data: { kind: 'languages' as const, successors: 2 },
    training: { length: 16, batch: 1, optimizer: standardOptimizer(standardSchedule(2, 1e-3)), seed: 1 },
    evaluation: { documents: 1, length: 16, every: 1 },
  }
  const state = startRun(system, 1)
  const engine = { name: 'cpu', description: '', precision: 'f32' } as const
  const path = await saveCheckpoint(join(folder, 'run'), { recipe, state, engine, system })
  const again = await loadCheckpoint(path, extensions)
  const values = (params: typeof state.params) =>
    treeEntries(params).map(([name, tensor]) => [name, [...tensor.dataSync()]])
  expect(values(again.state.params)).toEqual(values(state.params))
  await expect(loadCheckpoint(path)).rejects.toThrow("unknown mixer 'halves'")
})

/** A format: one JSON of everything. */
const oneJson: Format = {
  name: 'one-json',
  recognises: async (folder) => (await folder.open('everything.json')) !== undefined,
  async open(folder) {
    const everything = JSON.parse((await readText(folder, 'everything.json'))!) as {
      architecture: Architecture
      weights: Record<string, { shape: number[]; values: number[] }>
    }
    const { architecture, weights } = everything
    if (!architecture) throw new CheckpointError(folder.name, ['it has no architecture'])
    const named = new Map(Object.entries(weights))
    return {
      architecture,
      weights: {
        shapes: new Map([...named].map(([name, { shape }]) => [name, { shape, dtype: 'F32' }])),
        read: async (name) => ({
          shape: named.get(name)!.shape,
          values: Float32Array.from(named.get(name)!.values),
        }),
      },
      weightsFile: 'everything.json',
      bytes: 4 * [...named.values()].reduce((sum, { values }) => sum + values.length, 0),
      tokenizer: await letters({ first: 'a' }),
      documentsBeginWithBos: false,
      hash: 'a'.repeat(64),
    }
  },
}

it('a model of an outside format is loaded, saved in ours, and says what it said', async () => {
  const model = await outsider()
  const expected = await said(model)
  const weights = treeEntries(model.params).map(([name, tensor]) => [
    name,
    { shape: tensor.shape, values: [...tensor.dataSync()] },
  ])
  const at = mkdtempSync(join(folder, 'format-'))
  const everything = {
    architecture: model.system.architecture,
    weights: Object.fromEntries(weights) as Record<string, unknown>,
  }
  const write = () => writeFileSync(join(at, 'everything.json'), JSON.stringify(everything))
  write()
  await expect(loadModel(at, extensions)).rejects.toThrow('it holds no checkpoint')
  const loaded = await loadModel(at, { ...extensions, formats: [oneJson] })
  expect(await said(loaded)).toEqual(expected)
  await saveModel(loaded, join(folder, 'converted'))
  expect(await said(await loadModel(join(folder, 'converted'), extensions))).toEqual(expected)

  delete everything.weights.finalNorm
  write()
  await expect(loadModel(at, { ...extensions, formats: [oneJson] })).rejects.toThrow(
    'everything.json: finalNorm is missing',
  )
})
