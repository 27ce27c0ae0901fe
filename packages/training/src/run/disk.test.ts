import { latestCheckpoint, listCheckpoints } from '@ttt-e2e/checkpoint'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { FileError, lockFolder } from '@ttt-e2e/tensor-ops/files'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  type appendFileSync,
  type renameSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { recipes } from '../recipes'
import { resolveRecipe } from '../recipes/resolve-recipe'
import { openTask } from '../tasks/open-task'
import { beginRun, resumeRun } from './open-run'
import type { Run } from './run'
import { cpu, microSettings } from './testing'
import { trainRun, type TrainRunOptions } from './train-run'

/** What is refused: writing to files on a full disk, and moving folders. */
const refused = vi.hoisted(() => ({ full: new Set<string>(), immovable: new Set<string>() }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const refuse = (code: string, syscall: string) => {
    throw Object.assign(new Error('no'), { code, syscall })
  }
  const append: typeof appendFileSync = (path, text) => {
    if (!refused.full.has(String(path))) return fs.appendFileSync(path, text)
    // A part of it fits.
    fs.appendFileSync(path, String(text).slice(0, 5))
    refuse('ENOSPC', 'write')
  }
  const rename: typeof renameSync = (from, to) => {
    if (refused.immovable.has(String(from))) refuse('EACCES', 'rename')
    fs.renameSync(from, to)
  }
  return { ...fs, appendFileSync: append, renameSync: rename }
})

const recipe = resolveRecipe(recipes.get('tiny/languages')!, {
  settings: [
    ...microSettings,
    'training.optimizer.schedule.steps=6',
    'evaluation.documents=2',
    'evaluation.length=32',
    'evaluation.every=100',
  ],
})
const last = 6

beforeAll(() => resolveEngine('cpu'))

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'disk-'))
  folder = join(root, 'run')
})

/** Trains, and frees the run. @param atStep is called when this step is told of */
async function follow(
  run: Run,
  more: Partial<TrainRunOptions> = {},
  atStep: [step: number, then: () => void] = [0, () => {}],
) {
  refused.full.clear()
  const { signal } = new AbortController()
  const events: string[] = []
  try {
    for await (const event of trainRun({
      run,
      task: await openTask(run.recipe),
      engine: cpu,
      signal,
      ...more,
    })) {
      events.push(event.kind)
      if (event.kind === 'step' && event.line.step === atStep[0]) atStep[1]()
    }
    return events
  } finally {
    disposeRun(run.state)
  }
}

const begin = () => beginRun({ folder, recipe })
const model = (run: string) => readFileSync(join(latestCheckpoint(run)!.path, 'model.safetensors'))
const metrics = (run: string) => readFileSync(join(run, 'metrics.jsonl'), 'utf8')
const losses = (run: string) => metrics(run).match(/"loss":[\d.]+/g)

const refusal = async (training: Promise<unknown>) => {
  const error = await training.catch((each: unknown) => each)
  expect(error).toBeInstanceOf(FileError)
  return (error as FileError).message.replaceAll(root, '')
}

/** The disk under the run's metrics gets full. */
const fillUp = () => void refused.full.add(join(folder, 'metrics.jsonl'))
/** The run's checkpoints can't be written any more. */
const block = () => {
  rmSync(join(folder, 'checkpoints'), { recursive: true, force: true })
  writeFileSync(join(folder, 'checkpoints'), '')
}

describe('a disk that gets full while metrics are written', () => {
  it('ends the training with what it could save, and it goes on from there', async () => {
    const whole = join(root, 'whole')
    await follow(await beginRun({ folder: whole, recipe }))
    expect(await refusal(follow(await begin(), {}, [3, fillUp]))).toBe(
      "'/run/metrics.jsonl' can't be written: no space is left on the disk (ENOSPC); only the last lines of metrics are " +
        "lost: step 4 is saved in '/run'; when that is mended, go on with --resume /run",
    )
    refused.full.clear()
    expect((await follow(await resumeRun({ folder }))).at(-1)).toBe('done')
    expect(model(folder)).toEqual(model(whole))
  })

  it('saves elsewhere where it was told to, metrics too', async () => {
    const whole = join(root, 'whole')
    const spare = join(root, 'spare')
    await follow(await beginRun({ folder: whole, recipe }))
    const spoil = () => {
      block()
      fillUp()
    }
    const told = await refusal(follow(await begin(), { spare }, [3, spoil]))
    expect(told).toMatch(/nothing is lost: step 4 is saved in '\/spare'; .*go on with --resume \/spare$/)
    expect((await follow(await resumeRun({ folder: spare }))).at(-1)).toBe('done')
    expect([model(spare), losses(spare)]).toEqual([model(whole), losses(whole)])
  })

  it('keeps only the newest of the checkpoints before where that makes room', async () => {
    const before = () => listCheckpoints(folder).map((path) => path.slice(-1))
    let found: string[] = []
    const fill = () => {
      found = before()
      fillUp()
    }
    const told = await refusal(follow(await begin(), { saveEvery: 1 }, [4, fill]))
    expect(found).toEqual(['2', '3'])
    expect(told).toMatch(/lost: step 5 is saved in '\/run'/)
    expect(before()).toEqual(['4', '5'])
  })
})

describe('a checkpoint that can not be written', () => {
  it('is told with what is lost and what is left', async () => {
    expect(await refusal(follow(await begin(), { saveEvery: 4 }, [3, block]))).toMatch(
      /^'\/run\/checkpoints' can't be used: a file stands where a folder is expected \(EEXIST\); steps 1 to 4 are lost; nothing was saved before; when that is mended, begin again, and --spare FOLDER saves/,
    )
  })

  it('is saved in the spare folder with all metrics, and goes on there with the same bits', async () => {
    const spare = join(root, 'spare')
    const whole = join(root, 'whole')
    await follow(await beginRun({ folder: whole, recipe }))
    expect(await refusal(follow(await begin(), { spare, saveEvery: 4 }, [3, block]))).toMatch(
      /; nothing is lost: step 4 is saved in '\/spare'; when that is mended, go on with --resume \/spare$/,
    )
    await follow(await resumeRun({ folder: spare }))
    expect([model(spare), losses(spare)]).toEqual([model(whole), losses(whole)])
  })
})

it('an old checkpoint that can not be removed is told once, and the new ones are saved', async () => {
  const left: string[] = []
  const atStep: [number, () => void] = [1, () => {}]
  const first = join(folder, 'checkpoints/step-000001')
  refused.immovable.add(first)
  await follow(await begin(), { saveEvery: 1, onLeft: (reason) => left.push(reason) }, atStep)
  expect(left).toEqual([`'${first}' is no longer needed and can't be removed: permission is denied (EACCES)`])
  expect(listCheckpoints(folder).map((path) => path.slice(-1))).toEqual(['1', `${last - 1}`, `${last}`])
  refused.immovable.clear()
})

it('a second process can not train in the same folder, and after the first one the folder is free', async () => {
  const run = await begin()
  let second: Promise<string> | undefined
  const other = await begin()
  await follow(run, {}, [2, () => (second = refusal(follow(other)))])
  expect(await second).toMatch(
    new RegExp(`^'/run' can't be used: process ${process.pid} writes to it; end that one first`),
  )
  lockFolder(folder)()
  expect(readdirSync(folder).sort()).toEqual(['checkpoints', 'metrics.jsonl'])
})
