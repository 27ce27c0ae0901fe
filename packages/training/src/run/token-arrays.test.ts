import { latestCheckpoint, loadCheckpoint, loadModel } from '@ttt-e2e/checkpoint'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { read, resolveEngine, treeEntries } from '@ttt-e2e/tensor-ops'
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { recipes } from '../recipes'
import { resolveRecipe } from '../recipes/resolve-recipe'
import { openTask } from '../tasks/open-task'
import { beginRun, resumeRun } from './open-run'
import { cpu, microSettings, trainAndDispose } from './testing'
import { trainRun } from './train-run'

const settings = [
  'size.vocabularySize=20',
  ...microSettings,
  'size.heads=2',
  'training.batch=2',
  'training.optimizer.schedule.steps=5',
  'evaluation.documents=2',
  'evaluation.length=16',
  'data.bosToken=1',
]

beforeAll(() => resolveEngine('cpu'))

let root: string
let data: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'token-arrays-'))
  data = join(root, 'tokens.zarr')
  write('train', 150)
  write('val', 40)
})

/** An array of one chunk, without compression. */
function write(split: string, length: number, values = Uint16Array.from({ length }, (_, i) => (i * i) % 19)) {
  mkdirSync(join(data, split), { recursive: true })
  const description = {
    zarr_format: 2,
    shape: [length],
    chunks: [length],
    dtype: '<u2',
    compressor: null,
    fill_value: 0,
    filters: null,
    order: 'C',
  }
  writeFileSync(join(data, split, '.zarray'), JSON.stringify(description))
  writeFileSync(join(data, split, '0'), new Uint8Array(values.buffer))
}

const recipe = () => resolveRecipe(recipes.get('tiny/books')!, { settings, data })

async function parametersOf(folder: string) {
  const { state, info } = await loadCheckpoint(folder)
  const values = await read(treeEntries(state.params).map(([, tensor]) => tensor))
  disposeRun(state)
  return { values, cursor: info.cursor }
}

it('a run that was stopped goes on in the array, bit for bit, wherever that lies', async () => {
  const [whole, parted] = [join(root, 'whole'), join(root, 'parted')]
  expect(await trainAndDispose(await beginRun({ folder: whole, recipe: recipe() }))).toBe('done')
  expect(await trainAndDispose(await beginRun({ folder: parted, recipe: recipe() }), 2)).toBe('stopped')
  expect((await loadCheckpoint(parted)).info).toMatchObject({
    cursor: { nextSample: 4 },
    recipe: { data: { kind: 'tokens', seed: 0, bosToken: 1, tokenizer: 'none' } },
    data: { files: { train: { tokens: 150 }, val: { tokens: 40 } } },
  })
  cpSync(data, join(root, 'moved.zarr'), { recursive: true })
  const changes = { settings: [], data: join(root, 'moved.zarr') }
  expect(await trainAndDispose(await resumeRun({ folder: parted, changes }))).toBe('done')
  expect(await parametersOf(parted)).toEqual(await parametersOf(whole))
  expect((await loadModel(latestCheckpoint(whole)!.path)).tokenizer.name).toBe('none')
})

it('refuses to go on with other tokens, or with a text', async () => {
  const folder = join(root, 'run')
  await trainAndDispose(await beginRun({ folder, recipe: recipe() }), 2)
  writeFileSync(join(root, 'a.txt'), 'a text')
  await expect(resumeRun({ folder, changes: { settings: [], data: join(root, 'a.txt') } })).rejects.toThrow(
    'the stored run trains on other data; give --out another folder',
  )
  write('train', 160)
  const run = await resumeRun({ folder })
  await expect(
    trainRun({
      run,
      task: await openTask(recipe()),
      engine: cpu,
      signal: new AbortController().signal,
    }).next(),
  ).rejects.toThrow(/'train' was 150 tokens \([0-9a-f]{12}…\), is 160 tokens/)
  disposeRun(run.state)
})

it('refuses tokens outside the vocabulary in one sentence, before a run is begun', async () => {
  const ids = new Uint16Array(150)
  write('train', 150, ids.fill(20, 5))
  await expect(openTask(recipe())).rejects.toThrow(
    /^'.*tokens.zarr.train' from its token \d+ on: token 20 at position \d+ is outside the vocabulary; it must be from 0 to 19$/,
  )
})

it('says that the published vocabulary is of Llama 3', () => {
  const { data: published } = resolveRecipe(recipes.get('125m/pretrain-8k')!, { settings: [], data })
  expect(published).toEqual({ kind: 'tokens', path: data, seed: 0, tokenizer: 'llama-3', bosToken: 128_000 })
})
