import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import { encodeSafetensors, decodeSafetensors, resolveEngine, treeEntries } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadModel, saveHuggingFace, saveModel, type Model } from '../index'
import { ggufTensors, tinyLlama, tinyMetadata, tinyModel } from '../testing/tiny-llama'
import { writeGguf } from '../testing/write-gguf'

beforeAll(() => resolveEngine('cpu'))

const place = () => join(mkdtempSync(join(tmpdir(), 'formats-')), 'model')
const valuesOf = ({ params }: Model) =>
  Object.fromEntries(treeEntries(params).map(([path, tensor]) => [path, [...tensor.dataSync()]]))
const attention = (options: object) => [
  { name: 'attention', options: { ...tinyLlama.mixers[0].options, ...options } },
]
const forms: Record<string, Partial<Architecture>> = {
  llama: {},
  'llama with biases and a head of its own': {
    mixers: attention({ biases: 'all' }),
    biases: true,
    untiedHead: true,
  },
  mistral: { mixers: attention({ window: 8 }) },
  qwen2: { mixers: attention({ biases: 'inputs' }) },
  'qwen3, a window in one layer': {
    mixers: [...attention({ window: 4, qkNorm: true }), ...attention({ qkNorm: true })],
  },
  'linear RoPE': { rope: { base: 1e4, scaling: { type: 'linear', factor: 4 } } },
  'Llama 3.1': {
    rope: {
      base: 5e5,
      scaling: {
        type: 'llama3',
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalLength: 64,
      },
    },
  },
  YaRN: {
    rope: {
      base: 1e4,
      scaling: {
        type: 'yarn',
        factor: 4,
        originalLength: 64,
        betaFast: 32,
        betaSlow: 1,
        attentionFactor: 1.25,
        truncate: true,
      },
    },
  },
}

describe.each(Object.entries(forms))('%s', (_, change) => {
  it('comes back from a folder of Hugging Face’s bit for bit, and from ours made of it', async () => {
    const model = await tinyModel({ ...tinyLlama, ...change })
    const [theirs, ours] = [place(), place()]
    await saveHuggingFace(model, theirs)
    const again = await loadModel(theirs)
    expect(valuesOf(again)).toEqual(valuesOf(model))
    expect(again.system.architecture).toMatchObject({ rope: model.system.architecture!.rope })
    expect(again.tokenizer.options).toEqual(model.tokenizer.options)
    expect(again.documentsBeginWithBos).toBe(true)
    await saveModel(again, ours)
    const third = await loadModel(ours)
    expect(valuesOf(third)).toEqual(valuesOf(model))
    expect(third.tokenizer.encode('abc')).toEqual(model.tokenizer.encode('abc'))
    for (const each of [model, again, third]) each.dispose()
  })
})

it.each([
  ['llama', { mixers: attention({}) }, 2],
  ['llama', { mixers: attention({ biases: 'all' }), biases: true, untiedHead: true }, 3],
  ['qwen3', { mixers: attention({ qkNorm: true }) }, 3],
] as const)('a GGUF of %s is the model that it was made of', async (architecture, change, version) => {
  const model = await tinyModel({ ...tinyLlama, ...change })
  const folder = place()
  await saveHuggingFace(model, folder)
  const file = `${folder}.gguf`
  const tensors = ggufTensors(folder, architecture === 'llama')
  writeFileSync(file, writeGguf(tinyMetadata(architecture), tensors, { version }))
  const again = await loadModel(file)
  expect(valuesOf(again)).toEqual(valuesOf(model))
  expect(again.tokenizer.encode('x abc<|end|>', { special: true })).toEqual(
    model.tokenizer.encode('x abc<|end|>', { special: true }),
  )
  expect(again.tokenizer.endTokens).toEqual(model.tokenizer.endTokens)
  model.dispose()
  again.dispose()
})

it('reads shards, and hashes the same weights alike', async () => {
  const model = await tinyModel()
  const [whole, parts] = [place(), mkdtempSync(join(tmpdir(), 'shards-'))]
  await saveHuggingFace(model, whole)
  const { tensors } = decodeSafetensors(readFileSync(join(whole, 'model.safetensors')))
  const files = ['model-1.safetensors', 'model-2.safetensors']
  const placed = Object.keys(tensors).map((name, i) => [name, files[i % 2]] as const)
  for (const file of files) {
    const own = placed.filter(([, at]) => at === file).map(([name]) => [name, tensors[name]] as const)
    writeFileSync(join(parts, file), encodeSafetensors(Object.fromEntries(own)))
  }
  const index = { weight_map: Object.fromEntries(placed) }
  writeFileSync(join(parts, 'model.safetensors.index.json'), JSON.stringify(index))
  writeFileSync(join(parts, 'config.json'), readFileSync(join(whole, 'config.json')))
  const [one, two] = [await loadModel(whole), await loadModel(parts)]
  expect(valuesOf(two)).toEqual(valuesOf(one))
  expect(two.hash).toBe(one.hash)
  expect(two.tokenizer.name).toBe('none')
  expect(() => two.tokenizer.encode('a')).toThrow('stored without its tokenizer')
  for (const each of [model, one, two]) each.dispose()
})

it('refuses what Hugging Face has no form for', async () => {
  const model = await tinyModel({ ...tinyLlama, postNorms: true, preConv: 4 })
  await expect(saveHuggingFace(model, place())).rejects.toThrow(
    'norms after sublayers have no place in a Llama; convolutions before attention',
  )
  model.dispose()
  const [{ name, options }] = tinyLlama.mixers
  const mixers = [{ name, options: { ...options, window: 8, keepFirst: 4 } }]
  const kept = await tinyModel({ ...tinyLlama, mixers })
  await expect(saveHuggingFace(kept, place())).rejects.toThrow('first tokens kept')
  kept.dispose()
})
