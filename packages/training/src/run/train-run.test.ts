import { latestCheckpoint, listCheckpoints } from '@ttt-e2e/checkpoint'
import { disposeRun, standardSchedule } from '@ttt-e2e/meta-outer'
import { liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  settings: [
    ...microSettings,
    'training.optimizer.schedule.steps=4',
    'evaluation.documents=2',
    'evaluation.length=32',
    'evaluation.every=3',
  ],
})

beforeAll(() => resolveEngine('cpu'))

/** Of a run that has not begun: it isn't there. */
const newFolder = () => join(mkdtempSync(join(tmpdir(), 'train-')), 'run')

/** Trains to the end and frees the run. @param stopAfter the signal aborts when this step is told of */
async function follow(run: Run, more: Partial<TrainRunOptions> & { stopAfter?: number } = {}) {
  const controller = new AbortController()
  const { signal } = controller
  const events: TrainingEvent[] = []
  const task = await openTask(run.recipe)
  for await (const event of trainRun({ run, task, engine: cpu, signal, ...more })) {
    events.push(event)
    if (event.kind === 'step' && event.line.step === more.stopAfter) controller.abort()
  }
  disposeRun(run.state)
  return events.map((event) =>
    event.kind === 'step' ? `step ${event.line.step} ${event.line.loss}` : event.kind,
  )
}

const modelOf = (folder: string) => readFileSync(join(latestCheckpoint(folder)!.path, 'model.safetensors'))

it('tells every step and evaluation, and goes on after a stop with the same bits', async () => {
  const tensors = liveTensors()
  const [whole, parts] = [newFolder(), newFolder()]
  const events = await follow(await beginRun({ folder: whole, recipe }))
  expect(events.map((event) => event.replace(/ \d\.\d+$/, ''))).toEqual(
    'step 1,step 2,step 3,held-out,step 4,held-out,done'.split(','),
  )
  const before = await follow(await beginRun({ folder: parts, recipe }), { stopAfter: 2 })
  expect(before).toEqual([...events.slice(0, 2), 'stopped'])
  const resumed = await resumeRun({ folder: parts })
  expect(resumed.state.step).toBe(2)
  expect(await follow(resumed)).toEqual(events.slice(2))
  expect(modelOf(parts)).toEqual(modelOf(whole))
  expect(liveTensors()).toBe(tensors)
})

it.each([1, 2, 3])(
  'reads short sequences first, and goes on after step %i as if it had not stopped',
  async (stopAfter) => {
    const settings = ['training.curriculum.shortest=4', 'training.curriculum.steps=3']
    const curriculum = resolveRecipe(recipe, { settings: [...settings, 'training.batch=2'] })
    const [whole, parts] = [newFolder(), newFolder()]
    const shapes: number[][] = []
    const task = await openTask(curriculum)
    const stream: Task['stream'] = async function* (options) {
      for await (const batch of task.stream(options)) {
        shapes.push([batch.batch, batch.length])
        yield batch
      }
    }
    const run = await beginRun({ folder: whole, recipe: curriculum })
    const events = await follow(run, { task: { ...task, stream } })
    expect(shapes).toEqual([
      [8, 4],
      [4, 8],
      [4, 8],
      [2, 16],
    ])
    expect(run.state.tokens).toBe(4 * 2 * 16)
    await follow(await beginRun({ folder: parts, recipe: curriculum }), { stopAfter })
    const resumed = await resumeRun({ folder: parts })
    expect(resumed.recipe.training.curriculum).toEqual({ shortest: 4, steps: 3 })
    const rest = await follow(resumed)
    expect(rest).toEqual(events.slice(-rest.length))
    expect(modelOf(parts)).toEqual(modelOf(whole))
  },
)

it('follows schedules that depend on the steps taken, and stores the one that it ended by', async () => {
  const folder = newFolder()
  const run = await beginRun({ folder, recipe })
  const schedules = [2, 5].map((steps) => standardSchedule(steps, 1e-3))
  const events = await follow(run, {
    evaluates: false,
    scheduleAfter: (steps) => schedules.find((schedule) => steps.length < schedule.steps),
  })
  expect(events).toHaveLength(6)
  expect(events.at(-1)).toBe('done')
  expect(run.recipe.training.optimizer.schedule).toEqual(schedules[1])
  expect((await resumeRun({ folder })).recipe).toEqual(run.recipe)
})

it('ends where numbers are not finite, without a checkpoint of them', async () => {
  const folder = newFolder()
  const settings = [
    'training.optimizer.schedule.peakLearningRate=1e30',
    'training.optimizer.schedule.steps=40',
  ]
  const run = await beginRun({ folder, recipe: resolveRecipe(recipe, { settings }) })
  const events = await follow(run)
  expect(events.at(-1)).toBe('failed')
  expect(listCheckpoints(folder)).toEqual([])
})

it('is not done where a signal comes in the last evaluation, which is made when it goes on', async () => {
  const folder = newFolder()
  const events = await follow(await beginRun({ folder, recipe }), { stopAfter: 4 })
  expect(events.at(-1)).toBe('stopped')
  expect(events.filter((event) => event === 'held-out')).toHaveLength(1)
  const resumed = await resumeRun({ folder })
  expect(resumed.state.step).toBe(4)
  expect(await follow(resumed)).toEqual(['held-out', 'done'])
})

it('refuses to begin where a run is', async () => {
  const folder = newFolder()
  await follow(await beginRun({ folder, recipe }))
  await expect(beginRun({ folder, recipe })).rejects.toThrow(/holds a run already/)
})
