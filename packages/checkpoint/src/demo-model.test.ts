import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSystem } from '@ttt-e2e/baselines'
import { modelFolder } from '@ttt-e2e/demo-model'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { bytesInMemory, loadLike, resolveEngine, safetensorsSource, treeForm } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { expect, it } from 'vitest'
import { loadModel } from './load-model'

it('of version 1 is the model that its recipe makes, bit for bit', async () => {
  await resolveEngine('cpu')
  const info = JSON.parse(readFileSync(join(modelFolder, 'run.json'), 'utf8')) as {
    schemaVersion: number
    recipe: Recipe
  }
  expect(info.schemaVersion).toBe(1)
  const system = createSystem(info.recipe.system, info.recipe.size)
  const bytes = readFileSync(join(modelFolder, 'model.safetensors'))
  const params = await loadLike(treeForm(system.decoder.init), await safetensorsSource(bytesInMemory(bytes)))
  const reader = new Reader(system, params, { bosToken: 256 })

  const model = await loadModel(modelFolder)
  expect(model).toMatchObject({ name: 'tiny/books', documentsBeginWithBos: false })
  expect(model.tokenizer.name).toBe('byte')
  const text = 'Call me Ishmael. Some years ago, never mind how long'
  const tokens = model.tokenizer.encode(text)
  const losses = await reader.read(tokens)
  let own: number[] = []
  const memory = await model.read(text, { onProgress: (progress) => (own = [...progress.losses]) })
  expect(own).toEqual([...losses])
  expect(await memory.reader.nextLogits()).toEqual(await reader.nextLogits())
  expect(memory.steps).toBe(1)
})
