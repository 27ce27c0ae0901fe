import { createSystem } from '@ttt-e2e/baselines'
import { Model, saveModel } from '@ttt-e2e/checkpoint'
import { createTokenizer } from '@ttt-e2e/data'
import { createRandom, resolveEngine, treeBytes } from '@ttt-e2e/tensor-ops'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { measureModelMemory, modelMemoryTable } from '.'

const size = {
  vocabularySize: 256,
  hiddenSize: 16,
  heads: 2,
  intermediateSize: 24,
  layers: 3,
  window: 8,
  chunk: 8,
  suffixBlocks: 1,
  innerRate: 0.1,
  ropeTheta: 10_000,
}

it('tells what a model, its file and the tokens that it holds take', async () => {
  await resolveEngine('cpu')
  const tokenizer = await createTokenizer({ name: 'byte' })
  const system = createSystem('full-attention', { ...size, vocabularySize: tokenizer.vocabularySize })
  const params = system.decoder.init(createRandom(1))
  const folder = join(mkdtempSync(join(tmpdir(), 'model-memory-')), 'model')
  await saveModel(new Model({ system, params, tokenizer, hash: 'x' }), folder)
  const { file, held } = await measureModelMemory({ model: folder, tokens: 30, decode: 3 }, 0)
  expect(file).toBeGreaterThanOrEqual(treeBytes(params))
  expect(held.map(({ tokens }) => tokens)).toEqual([0, 0, 30, 33])
  // Keys and values of 16 numbers in each of 3 layers.
  expect(held.map(({ cache }) => cache)).toEqual([0, 0, 30, 33].map((tokens) => tokens * 3 * 2 * 16 * 4))
  expect(held[1].tensors - held[0].tensors).toBe(treeBytes(params))
  expect(held[2].tensors - held[1].tensors).toBeGreaterThanOrEqual(held[2].cache)
  const at = { when: '', heap: 0, tensors: 0, tokens: 1 }
  const moments = [
    { ...at, resident: 100e6, cache: 0 },
    { ...at, resident: 220e6, cache: 20e6 },
  ]
  expect(modelMemoryTable(80e6, moments).rows[1].slice(1, 3)).toEqual(['220.0', '120.0'])
  expect(modelMemoryTable(80e6, moments).rows[1].at(-1)).toBe('1.20')
})
