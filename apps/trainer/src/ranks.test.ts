import '@ttt-e2e/kernels/engines'
import { latestCheckpoint } from '@ttt-e2e/checkpoint'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { ranksInProcess } from '@ttt-e2e/tensor-ops/testing'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  beginRun,
  MetricsFile,
  openTask,
  recipeNamed,
  resolveRecipe,
  resumeRun,
  trainRun,
  type TrainRunOptions,
} from '@ttt-e2e/training'

const engine = { name: 'wasm', description: '', precision: 'f32' as const }
const folder = mkdtempSync(join(tmpdir(), 'run-ranks-'))
const newFolder = () => join(mkdtempSync(join(folder, 'of-')), 'run')
const text = join(folder, 'text.jsonl')
const tokens = join(folder, 'tokens.zarr')

beforeAll(async () => {
  await resolveEngine('wasm')
  const texts = Array.from({ length: 60 }, (_, n) => `${n} of the short ones. `.repeat(1 + (n % 3)))
  writeFileSync(text, texts.map((each) => JSON.stringify({ text: each })).join('\n'))
  const array = { zarr_format: 2, dtype: '<u2', compressor: null, fill_value: 0, filters: null, order: 'C' }
  for (const [split, length] of Object.entries({ train: 400, val: 80 })) {
    mkdirSync(join(tokens, split), { recursive: true })
    writeFileSync(
      join(tokens, split, '.zarray'),
      JSON.stringify({ ...array, shape: [length], chunks: [length] }),
    )
    const values = Uint16Array.from({ length }, (_, i) => (i * i) % 19)
    writeFileSync(join(tokens, split, '0'), new Uint8Array(values.buffer))
  }
})

const sizes = ['size.hiddenSize=8', 'size.layers=2', 'size.intermediateSize=16', 'training.batch=4']
const steps = ['training.optimizer.schedule.steps=3', 'evaluation.documents=3', 'evaluation.every=2']
const short = [...sizes, ...steps, 'training.length=24', 'evaluation.length=24']
/** What is trained on, by the data's kind. */
const recipes = {
  languages: { recipe: 'tiny/languages' },
  packed: { recipe: 'tiny/books', data: text, settings: ['size.heads=2', 'data.rows=packed'] },
  'token arrays': {
    recipe: 'tiny/books',
    data: tokens,
    settings: ['size.heads=2', 'size.vocabularySize=19'],
  },
} as const
const recipeOf = (system: string, kind: keyof typeof recipes, more: readonly string[] = []) => {
  const { recipe, ...changes }: { recipe: string; data?: string; settings?: readonly string[] } =
    recipes[kind]
  return resolveRecipe(recipeNamed(recipe), {
    ...changes,
    system,
    settings: [...short, ...(changes.settings ?? []), ...more],
  })
}

interface Trained {
  folder: string
  lines: string[]
  model: Buffer
  optimizer: Buffer
}

/** Trains on so many ranks, or to where a signal comes at the last of them. */
async function train(
  size: number,
  recipe: ReturnType<typeof recipeOf> | string,
  { stopAfter, ...options }: Partial<TrainRunOptions> & { stopAfter?: number } = {},
): Promise<Trained> {
  const out = typeof recipe === 'string' ? recipe : newFolder()
  const all = await ranksInProcess(size, async (communicator) => {
    const run =
      typeof recipe === 'string' ? await resumeRun({ folder: out }) : await beginRun({ folder: out, recipe })
    const task = await openTask(run.recipe)
    const controller = new AbortController()
    const { signal } = controller
    const kinds: string[] = []
    for await (const event of trainRun({ run, task, engine, signal, communicator, ...options })) {
      kinds.push(event.kind)
      const last = communicator.rank === size - 1
      if (last && event.kind === 'step' && event.line.step === stopAfter) controller.abort()
    }
    disposeRun(run.state)
    return kinds
  })
  for (const kinds of all) expect(kinds).toEqual(all[0])
  expect(all[0].at(-1)).toBe(stopAfter === undefined ? 'done' : 'stopped')
  const { path } = latestCheckpoint(out)!
  const file = (name: string) => readFileSync(join(path, name))
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').replaceAll(/"(seconds|at)":[^}]*/g, '')
  return {
    folder: out,
    lines: lines.trim().split('\n'),
    model: file('model.safetensors'),
    optimizer: file('optimizer.safetensors'),
  }
}

describe.each(['ttt-e2e', 'full-attention', 'mamba2'])('%s', (system) => {
  it.each(['languages', 'packed', 'token arrays'] as const)(
    'learns %s alike on 1, 2 and 4 ranks',
    async (kind) => {
      const recipe = recipeOf(system, kind)
      const alone = await train(1, recipe)
      const lossesOf = (run: Trained) => new MetricsFile(run.folder).steps().map(({ loss }) => loss)
      const rounded = await train(2, recipe)
      lossesOf(rounded).forEach((loss, i) => expect(loss / lossesOf(alone)[i]).toBeCloseTo(1, 5))
      const one = await train(1, recipe, { deterministic: true })
      for (const size of [2, 4]) {
        const { folder: _, ...several } = await train(size, recipe, { deterministic: true })
        expect(several).toEqual({ lines: one.lines, model: one.model, optimizer: one.optimizer })
      }
      expect(one.lines.map((line) => /held-out|step/.exec(line)![0])).toEqual(
        'step,step,held-out,step,held-out'.split(','),
      )
    },
  )
})

it('goes on, on other numbers of ranks, where a signal at one of them has stopped all', async () => {
  const recipe = recipeOf('ttt-e2e', 'packed')
  const { folder: _, ...whole } = await train(1, recipe, { deterministic: true })
  const parts = await train(2, recipe, { deterministic: true, stopAfter: 1 })
  await train(4, parts.folder, { deterministic: true, stopAfter: 2 })
  expect(await train(1, parts.folder, { deterministic: true })).toEqual({ folder: parts.folder, ...whole })
})

it('trains a part alone, alike on 1 and 2 ranks', async () => {
  const recipe = recipeOf('ttt-e2e', 'languages', ['training.trains=suffix'])
  const { folder: _, ...alone } = await train(1, recipe, { deterministic: true })
  const { folder: __, ...together } = await train(2, recipe, { deterministic: true })
  expect(together).toEqual(alone)
})

it('refuses more ranks than sequences, and a tree that has no halves', async () => {
  const recipe = recipeOf('ttt-e2e', 'languages')
  const refused = /^training.batch is 4: each of the 5 ranks takes a sequence at least; /
  await expect(train(5, recipe)).rejects.toThrow(refused)
  await expect(train(3, recipe, { deterministic: true })).rejects.toThrow(
    /^--deterministic .* 1, 2, 4, 8, …; there are 3$/,
  )
})
