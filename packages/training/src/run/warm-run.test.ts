import { listCheckpoints, loadModel, loadParameters } from '@ttt-e2e/checkpoint'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { disposeTree, resolveEngine, treeEntries } from '@ttt-e2e/tensor-ops'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { recipes } from '../recipes'
import { resolveRecipe, type RecipeChanges } from '../recipes/resolve-recipe'
import { openTask } from '../tasks/open-task'
import { beginRun, resumeRun } from './open-run'
import type { Run } from './run'
import { trainRun } from './train-run'

const engine = { name: 'native', description: '', precision: 'f32' as const }
const settings = [
  'size.hiddenSize=8',
  'size.layers=2',
  'size.intermediateSize=16',
  'training.length=32',
  'training.batch=2',
  'training.optimizer.schedule.steps=4',
  'evaluation.documents=1',
  'evaluation.length=32',
]
const folder = mkdtempSync(join(tmpdir(), 'warm-run-'))
const pretrained = join(folder, 'pretrained')
const resolved = (changes: Partial<RecipeChanges>) =>
  resolveRecipe(recipes.get('tiny/languages')!, {
    ...changes,
    settings: [...settings, ...(changes.settings ?? [])],
  })

/** Trains until so many steps are taken, and frees the run. */
async function follow(run: Run, until = Infinity): Promise<void> {
  const controller = new AbortController()
  const task = await openTask(run.recipe, { tokenizer: run.tokenizer })
  for await (const event of trainRun({ run, task, engine, signal: controller.signal }))
    if (event.kind === 'step' && event.line.step === until) controller.abort()
  disposeRun(run.state)
}

async function parametersOf(run: string) {
  const { params, info } = await loadParameters(run)
  const values = treeEntries(params).map(([path, leaf]) => [path, leaf.dataSync().slice()] as const)
  disposeTree(params)
  return { values: new Map(values), info }
}

beforeAll(async () => {
  await resolveEngine('native').catch(() => resolveEngine('cpu'))
  await follow(await beginRun({ folder: pretrained, recipe: resolved({ system: 'full-attention' }) }))
})

const warm = (...more: string[]) =>
  resolved({
    initFrom: pretrained,
    settings: ['size.suffixBlocks=1', 'warmStart.primeWidth=6', 'training.trains=prime', ...more],
  })

it('says where it came from, trains what it is to, and is opened as any other', async () => {
  const run = join(folder, 'warm')
  await follow(await beginRun({ folder: run, recipe: warm() }))
  const [before, after] = [await parametersOf(pretrained), await parametersOf(run)]
  expect(after.info.recipe).toMatchObject({
    warmStart: { from: pretrained, hash: before.info.files.model.sha256, primeWidth: 6 },
    size: { layers: 2, window: 8 },
    training: { trains: 'prime' },
  })
  expect(after.info.model.architecture).toMatchObject({
    system: 'ttt-e2e',
    prime: { width: 6, split: false },
    mixers: [{ name: 'attention', options: { window: 8, keepFirst: 4, keptPositions: 'cache' } }],
  })
  for (const [path, values] of before.values) expect(after.values.get(path), path).toEqual(values)
  expect([...after.values.keys()].filter((path) => !before.values.has(path))).toEqual([
    'blocks.1.prime.norms.norm',
    'blocks.1.prime.norms.postNorm',
    'prime.0.w1',
    'prime.0.w3',
    'prime.0.w2',
  ])
  const model = await loadModel(run)
  const memory = await model.read([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(memory.tokens).toBe(9)
  memory.dispose()
  model.dispose()
})

it.each(['all', 'suffix', 'prime'])('trains %s and goes on bitwise where it was stopped', async (trains) => {
  const recipe = warm(`training.trains=${trains}`, 'training.microBatch=1')
  const [whole, parts] = ['whole', 'parts'].map((name) => join(folder, `${trains}-${name}`))
  await follow(await beginRun({ folder: whole, recipe }))
  await follow(await beginRun({ folder: parts, recipe }), 2)
  expect(listCheckpoints(parts)).toHaveLength(1)
  await follow(await resumeRun({ folder: parts }))
  expect((await parametersOf(parts)).values).toEqual((await parametersOf(whole)).values)
})

it('is begun by the twin that never learns, and by a second stage', async () => {
  const twin = join(folder, 'twin')
  await follow(await beginRun({ folder: twin, recipe: { ...warm(), system: 'ttt-static' } }))
  const { info } = await parametersOf(twin)
  expect(info.model.architecture).toMatchObject({ rule: null, lossChunk: 8, suffixBlocks: 1 })
  const second = await beginRun({
    folder: join(folder, 'second'),
    recipe: resolved({ initFrom: twin, settings: ['size.window=16', 'training.trains=suffix'] }),
  })
  expect(second.system.architecture).toMatchObject({
    rule: { chunk: 8 },
    prime: { width: 6 },
    mixers: [{ options: { window: 8 } }],
  })
  disposeRun(second.state)
})

it('refuses what it can not begin with', async () => {
  const begin = (recipe: Run['recipe']) => beginRun({ folder: join(folder, 'none'), recipe })
  await expect(begin(warm('size.suffixBlocks=3'))).rejects.toThrow("3 suffix blocks don't fit into 2 layers")
  await expect(begin(recipes.get('pretrained/books')!)).rejects.toThrow('give --init-from a folder or a file')
  expect(() => resolved({ initFrom: pretrained, system: 'mamba2' })).toThrow(
    "'mamba2' can't begin with a pretrained transformer",
  )
  expect(() => resolved({ system: 'swa', settings: ['training.trains=prime'] })).toThrow(
    "training.trains is 'prime', but 'swa' has no blocks that learn",
  )
})
