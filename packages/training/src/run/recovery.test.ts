import { listCheckpoints } from '@ttt-e2e/checkpoint'
import { disposeRun, type Batch } from '@ttt-e2e/meta-outer'
import { liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { recipes } from '../recipes'
import { resolveRecipe } from '../recipes/resolve-recipe'
import { openTask } from '../tasks/open-task'
import type { Task } from '../tasks/task'
import { beginRun, resumeRun } from './open-run'
import type { Run } from './run'
import { cpu, microSettings } from './testing'
import { trainRun, type TrainingEvent, type TrainRunOptions } from './train-run'

const recipe = resolveRecipe(recipes.get('tiny/languages')!, {
  settings: [...microSettings, 'training.optimizer.schedule.steps=5', 'evaluation.documents=0'],
})
beforeAll(() => resolveEngine('cpu'))

/** The recipe's task, in which some batches, by number from 0, spoil the loss. */
async function spoiltAt(isSpoilt: (batch: number) => boolean): Promise<Task> {
  const task = await openTask(recipe)
  async function* stream(options: Parameters<Task['stream']>[0]): AsyncGenerator<Batch> {
    for await (const batch of task.stream(options)) {
      const mask = new Float32Array(batch.mask.length).fill(Infinity) as unknown as Uint8Array
      yield isSpoilt((batch.cursor as { nextSample: number }).nextSample - 1) ? { ...batch, mask } : batch
    }
  }
  return { ...task, stream }
}

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'recovery-')), 'run')

async function follow(run: Run, task: Task, more: Partial<TrainRunOptions>): Promise<string[]> {
  const events: TrainingEvent[] = []
  const options = { run, task, engine: cpu, signal: new AbortController().signal, saveEvery: 1, ...more }
  for await (const event of trainRun(options)) events.push(event)
  disposeRun(run.state)
  return events.map((event) =>
    event.kind === 'step'
      ? `step ${event.line.step}`
      : event.kind === 'passed-over'
        ? event.detail
        : event.kind,
  )
}

it.each([
  ['stop', ['step 1', 'step 2', 'failed']],
  ['skip', ['step 1', 'step 2', 'its batch is passed over', 'step 3', 'step 4', 'step 5', 'done']],
  [
    'rollback',
    ['step 1', 'step 2', 'back at the checkpoint of step 2, and on behind that batch', 'step 3', 'step 4', 'step 5', 'done'], // prettier-ignore
  ],
] as const)('%s: where one batch spoils the loss', async (onNonFinite, expected) => {
  const tensors = liveTensors()
  const run = await beginRun({ folder: newFolder(), recipe })
  expect(await follow(run, await spoiltAt((batch) => batch === 2), { onNonFinite })).toEqual(expected)
  expect(liveTensors()).toBe(tensors)
})

it('rolls back over the steps since the checkpoint, and tells of each step once', async () => {
  const folder = newFolder()
  const run = await beginRun({ folder, recipe })
  const task = await spoiltAt((batch) => batch === 3)
  const events = await follow(run, task, { onNonFinite: 'rollback', saveEvery: 2 })
  expect(events.slice(2)).toEqual(['step 3', 'back at the checkpoint of step 2, and on behind that batch', 'step 3', 'step 4', 'step 5', 'done']) // prettier-ignore
  expect(listCheckpoints(folder).map((path) => basename(path))).toEqual(['step-000004', 'step-000005'])
})

it('goes on after a skip as if it had not been stopped', async () => {
  const [whole, parts] = [newFolder(), newFolder()]
  const task = await spoiltAt((batch) => batch === 1)
  const lossesOf = async (run: Run) => {
    const losses: number[] = []
    const { signal } = new AbortController()
    for await (const event of trainRun({
      run,
      task,
      engine: cpu,
      signal,
      saveEvery: 1,
      onNonFinite: 'skip',
    })) {
      if (event.kind === 'step') losses.push(event.line.loss)
      if (losses.length === 3 && run.folder === parts) break
    }
    disposeRun(run.state)
    return losses
  }
  const all = await lossesOf(await beginRun({ folder: whole, recipe }))
  const before = await lossesOf(await beginRun({ folder: parts, recipe }))
  const resumed = await resumeRun({ folder: parts })
  const { step } = resumed.state
  expect([...before.slice(0, step), ...(await lossesOf({ ...resumed, folder: `${parts}/` }))]).toEqual(all)
})

it.each(['skip', 'rollback'] as const)('%s: stops where every batch spoils it', async (onNonFinite) => {
  const run = await beginRun({ folder: newFolder(), recipe })
  const events = await follow(run, await spoiltAt((batch) => batch > 0), { onNonFinite })
  expect(events.at(-1)).toBe('failed')
  expect(events).toHaveLength(1 + 10 + 1)
})
