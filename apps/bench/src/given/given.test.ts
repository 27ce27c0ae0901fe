import { architectureOf, buildSystem } from '@ttt-e2e/baselines'
import { Model, saveModel } from '@ttt-e2e/checkpoint'
import { byteTokenizer, createTokenizer, type Tokenizer } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'
import { openMadeTask } from '@ttt-e2e/training'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { bench, readOptions, type Results } from '../index'
import type { RawOptions } from '../experiment/options'
import { microPreset } from '../testing'

const folder = mkdtempSync(join(tmpdir(), 'given-'))
const text = Array.from({ length: 400 }, (_, i) => `and then Ishmael saw ${i} of them; `).join('')
writeFileSync(join(folder, 'text.txt'), text)
const lines = [text, text.replaceAll('Ishmael', 'Queequeg')].map((each) => JSON.stringify({ text: each }))
writeFileSync(join(folder, 'two.jsonl'), lines.join('\n'))

const size = {
  hiddenSize: 8,
  heads: 2,
  layers: 2,
  intermediateSize: 16,
  suffixBlocks: 1,
  window: 4,
  chunk: 4,
  innerRate: 0.1,
  ropeTheta: 10_000,
}

async function write(name: string, system: string, tokenizer: Tokenizer, recipe?: Recipe): Promise<void> {
  const { vocabularySize } = tokenizer
  const built = buildSystem(architectureOf(system, recipe?.size ?? { ...size, vocabularySize }))
  const params = built.decoder.init(createRandom(1))
  await saveModel(new Model({ system: built, params, tokenizer, hash: name, recipe }), join(folder, name))
}

beforeAll(async () => {
  await resolveEngine('wasm')
  await write('learner', 'ttt-e2e', byteTokenizer)
  await write('attention', 'full-attention', await pairsTokenizer())
  const { recipe } = microPreset.languages
  const symbols = { name: 'symbols', options: { vocabularySize: recipe.size.vocabularySize } }
  await write('trained', 'ttt-e2e', await createTokenizer(symbols), { ...recipe, system: 'ttt-e2e' })
  await write('mute', 'swa', await createTokenizer({ name: 'none', options: { vocabularySize: 9 } }))
})

let printed = ''
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => Boolean((printed += String(line))))
})

async function read(given: Partial<RawOptions>): Promise<Results> {
  const options = readOptions({ engine: 'wasm', preset: 'tiny', out: `out-${given.model}`, ...given }, folder)
  expect(await bench(options, folder)).toBe(0)
  return JSON.parse(readFileSync(join(options.out!, 'results.json'), 'utf8')) as Results
}

describe('a model that is given', () => {
  it('is read with, learning and not, and asked what a model can be asked that is not trained', async () => {
    const { tasks, options } = await read({
      model: 'learner',
      data: 'two.jsonl',
      only: 'loss-by-index,loss-vs-context,loss-in-chunk,early-late,latency,what-remains,notepad-and-brain',
      set: ['evaluation.length=320'],
    })
    const [{ systems, probes, given, heldOut }] = tasks
    expect(options).toMatchObject({ trained: false, systems: ['ttt-e2e', 'ttt-off'] })
    expect(systems).toMatchObject([{ name: 'ttt-e2e' }, { name: 'ttt-off', weightsOf: 'ttt-e2e' }])
    expect(given).toMatchObject({ name: 'ttt-e2e', tokenizer: 'byte', bytes: [320, 320] })
    expect(heldOut).toHaveLength(2)
    for (const probe of Object.values(probes))
      expect(probe.measured.map(({ system }) => system)).toEqual(['ttt-e2e', 'ttt-off'])
    expect(Object.keys(probes)).toHaveLength(7)
    // It has learned nothing yet before the first chunk ends, and something after it.
    const [on, off] = probes['loss-by-index'].measured.map(({ value }) => (value as number[][])[0])
    expect(on.at(-1)).not.toBe(off.at(-1))
    expect(printed).toContain('What ttt-e2e learns while it reads (less ttt-off)')
    expect(printed).toContain('loss of whole documents')
  }, 60_000)

  it('is read in its own tokens, with nats per token and per byte of text', async () => {
    const { tasks } = await read({
      model: 'attention',
      data: 'text.txt',
      set: ['evaluation.length=300', 'evaluation.documents=1'],
    })
    const [{ given, probes, systems, recipe }] = tasks
    expect(systems.map(({ name }) => name)).toEqual(['full-attention'])
    expect(recipe.evaluation).toMatchObject({ length: 300, documents: 1 })
    // Pairs of letters are one token.
    expect(given!.bytes![0]).toBeGreaterThan(300)
    expect(Object.keys(probes).sort()).toEqual(['latency', 'loss-by-index', 'loss-vs-context'])
    const whole = readFileSync(join(folder, 'out-attention/csv/text-loss-by-index-2.csv'), 'utf8')
    const [, perToken, perByte] = whole.split('\n')[1].split(',').map(Number)
    expect(perByte).toBeCloseTo((perToken * 300) / given!.bytes![0], 2)
    expect(printed).toContain("early-late isn't asked: the model doesn't learn while it reads")
    expect(printed).toContain('how long its training sequences were is not known here')
  }, 60_000)

  it('is read on what its own recipe holds out, where it has one', async () => {
    const { tasks } = await read({ model: 'trained', only: 'loss-by-index', set: ['evaluation.length=32'] })
    const [{ name, given, heldOut, notes, references }] = tasks
    const { recipe } = microPreset.languages
    expect(name).toBe('languages')
    const evaluation = { ...recipe.evaluation, documents: heldOut.length }
    expect(heldOut).toEqual(openMadeTask({ ...recipe, evaluation }).heldOut.map(({ id }) => id))
    expect(given).toMatchObject({ trainingLength: recipe.training.length, tokenizer: 'symbols' })
    expect(given).not.toHaveProperty('bytes')
    expect(references).toHaveLength(2)
    expect(notes.at(-1)).toMatch(
      /was trained by the recipe '.*'; what is read here is what that recipe holds out/,
    )
  })

  it.each<[Partial<RawOptions>, RegExp]>([
    [
      { systems: 'swa' },
      /^--systems swa and --model learner were both given; that model is read with as it is/,
    ],
    [{ seeds: '2' }, /^--seeds 2 and --model learner were both given/],
    [
      { set: ['size.window=8'] },
      /^--set size.window=8 and --model were both given; .* only evaluation.length and evaluation.documents can be set$/,
    ],
    [
      { only: 'needle' },
      /^'needle' can't be asked about '.*learner': it trains, or compares what was trained, .*; leave it out of --only$/,
    ],
    [
      { only: 'what-remains', set: ['evaluation.length=64'], data: 'two.jsonl' },
      /^'what-remains' can't be asked .* see 7 tokens back, so it takes documents of 238, and 64 are read/,
    ],
    [
      { model: 'attention', only: 'notepad-and-brain' },
      /attends to all that was read, so nothing ever leaves its windows/,
    ],
    [
      { set: ['evaluation.length=1000000'] },
      /^the longest document of '.*' has \d+ tokens; one of at least 1000001/,
    ],
    [
      { model: 'trained', data: undefined, set: ['evaluation.length=65'] },
      /^evaluation.length is 65; the model's recipe holds out documents of 64 tokens, so it can be at most that/,
    ],
    [{ model: 'mute' }, /^'.*mute' has no tokenizer, so no text can be read with it$/],
    [{ model: 'text.txt' }, /^'.*text.txt' can't be used: it is a model of none of the known formats/],
  ])('refuses %o in one sentence', async (given, sentence) => {
    const asked = { engine: 'wasm', preset: 'tiny', model: 'learner', data: 'text.txt', ...given }
    await expect(async () => bench(readOptions(asked, folder), folder)).rejects.toThrow(sentence)
  })
})

/** The 256 bytes as a tokenizer.json spells them, and `th` and `an` as tokens. */
function pairsTokenizer(): Promise<Tokenizer> {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte)
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
  const others = bytes.filter((byte) => !printable(byte))
  const spelt = (byte: number) => String.fromCodePoint(printable(byte) ? byte : 256 + others.indexOf(byte))
  const tokens = [...bytes.map(spelt), 'th', 'an']
  const tokenizer = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: ['t h', 'a n'],
    },
  }
  return createTokenizer({ name: 'hugging-face', options: { tokenizer } })
}
