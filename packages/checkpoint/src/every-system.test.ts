import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '@ttt-e2e/kernels/engines'
import { definitionOf, systemNames } from '@ttt-e2e/baselines'
import { encodeRun } from '@ttt-e2e/meta-outer'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import { loadCheckpoint } from './load-checkpoint'
import { loadModel } from './load-model'
import { decodeMemory, encodeMemory } from './memory-file'
import { saveCheckpoint } from './save-checkpoint'
import { microRecipe, microRun } from './testing/micro-run'

const folder = mkdtempSync(join(tmpdir(), 'systems-'))
const text = 'The sea keeps what it takes.'

useEngine('wasm', { threads: 1 })

const trained = systemNames.filter((name) => definitionOf(name).weightsOf === undefined)

describe.each(trained)('%s', (name) => {
  const recipe = microRecipe(name)
  const at = join(folder, name)
  const run = () => microRun({ ...recipe, size: { ...recipe.size, layers: 6 } }, 3)

  it('is saved and loaded bit by bit', async () => {
    const saved = run()
    await saveCheckpoint(at, saved)
    expect(await encodeRun((await loadCheckpoint(at)).state)).toEqual(await encodeRun(saved.state))
  })

  // A memory in the middle of a chunk, at its border and before anything was read.
  it.each([0, 1, 4, 16, 27])('has memories that go on bitwise after %i tokens', async (length) => {
    const model = await loadModel(at)
    const memory = length > 0 ? await model.read(text.slice(0, length)) : model.startMemory()
    const restored = decodeMemory(model, await encodeMemory(memory))
    const next = Int32Array.from('kept what it took', (letter) => letter.charCodeAt(0))
    expect(await restored.reader.read(next)).toEqual(await memory.reader.read(next))
    memory.dispose()
    restored.dispose()
    model.dispose()
  })
})
