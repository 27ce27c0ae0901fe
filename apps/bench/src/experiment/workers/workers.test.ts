import '@ttt-e2e/kernels/engines'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileNames, latestCheckpoint } from '@ttt-e2e/checkpoint'
import { fromSource } from '@ttt-e2e/from-source'
import { UserError } from '@ttt-e2e/tensor-ops'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { describe, expect, it } from 'vitest'
import { withoutTimes } from '../../kills/without-times'
import { lossByIndex } from '../../probes/loss-by-index'
import { resultsOf } from '../../probes/probe'
import {
  comparisonIn,
  measureTask,
  microBenchmark,
  microPreset,
  resized,
  silentSession,
  tinyProbes,
} from '../../testing'
import type { Comparison } from '../comparison'
import type { TaskResults } from '../results'
import type { MeasureRun, RunListener } from '../run-work'
import { openStores } from '../stores'
import { startWorkers } from './start-workers'
import { forkWorker, WorkerDied, WorkerProcess } from './worker-process'

const root = mkdtempSync(join(tmpdir(), 'workers-'))

const worker = await fromSource(join(import.meta.dirname, 'worker.ts'))
const start = () => forkWorker(worker, [])

useEngine('wasm', { threads: 1 })

const systems = ['ttt-e2e', 'swa', 'ttt-off']

function setupIn(store: string, steps: number) {
  const preset = { ...microPreset, languages: resized(microPreset.languages, { steps }) }
  const comparison: Comparison = comparisonIn(join(root, store), systems)
  return {
    engine: 'wasm',
    engineOptions: { threads: 1 },
    description: {
      schemaVersion: 2 as const,
      presetName: 'micro',
      preset,
      systems,
      seeds: 1,
      tasks: ['languages'],
    },
    taskOptions: { task: 'languages' as const },
    comparison,
  }
}

async function measureWith(
  count: number,
  {
    store = `${count}`,
    steps = 6,
    controller = new AbortController(),
    spy = (measure: MeasureRun) => measure,
  },
): Promise<TaskResults> {
  const setup = setupIn(store, steps)
  const task = microBenchmark(setup.description.preset)
  const workers = startWorkers(count, [task], tinyProbes, setup, start)
  try {
    const session = silentSession(count, controller.signal)
    return await measureTask(task, setup.comparison, workers.measure.map(spy), session)
  } finally {
    workers.close()
  }
}

/** How often each system was read with. */
const evaluations = (results: TaskResults) =>
  results.systems.map(
    ({ name }) => resultsOf(lossByIndex, results)!.measured.filter(({ system }) => system === name).length,
  )

const runFolder = (store: string, system: string) => join(root, store, 'languages', system, 'seed-0')

const trained = (store: string, system: string) =>
  readFileSync(join(latestCheckpoint(runFolder(store, system))!.path, fileNames.model))

const savedSteps = (store: string, system: string) =>
  readFileSync(join(runFolder(store, system), 'metrics.jsonl'), 'utf8').split('\n').length - 1

/** Calls back at the first word from each run. */
const atFirstWord =
  (then: () => void) =>
  (measure: MeasureRun): MeasureRun =>
  (work, listener, signal) => {
    let heard = false
    const hears: RunListener = {
      print: listener.print,
      update(...said) {
        listener.update(...said)
        if (!heard) then()
        heard = true
      },
    }
    return measure(work, hears, signal)
  }

describe('worker processes', () => {
  it('measure what this process does, bit for bit', async () => {
    const here = await measureWith(1, {})
    const sideBySide = await measureWith(2, {})
    expect(evaluations(here)).toEqual([1, 1, 1])
    expect(withoutTimes(sideBySide)).toEqual(withoutTimes(here))
    for (const system of ['ttt-e2e', 'swa'])
      expect(trained('2', system).equals(trained('1', system))).toBe(true)
  }, 60_000)

  it('stop after their step, save, and go on as if there had been no interruption', async () => {
    const steps = 24
    const controller = new AbortController()
    let words = 0
    const spy = atFirstWord(() => ++words === 2 && controller.abort())
    await expect(measureWith(2, { store: 'parts', steps, controller, spy })).rejects.toThrow('aborted')
    const saved = ['ttt-e2e', 'swa'].map((system) => savedSteps('parts', system))
    expect(Math.min(...saved)).toBeGreaterThan(0)
    expect(Math.min(...saved)).toBeLessThan(steps)
    const done = await measureWith(2, { store: 'parts', steps })
    expect(evaluations(done)).toEqual([1, 1, 1])
    expect(withoutTimes(done)).toEqual(withoutTimes(await measureWith(1, { store: 'whole', steps })))
  }, 120_000)

  it('end with one sentence where one is killed; the others are stopped and saved', async () => {
    const setup = setupIn('killed', 1000)
    const task = microBenchmark(setup.description.preset)
    const workers = [new WorkerProcess(setup, start()), new WorkerProcess(setup, start())]
    let words = 0
    const measure = workers.map(({ measure }) =>
      atFirstWord(() => {
        if (++words === 2) process.kill(workers[0].pid!, 'SIGKILL')
      })(measure),
    )
    try {
      const error = await measureTask(task, setup.comparison, measure).catch((each: unknown) => each)
      expect(error).toBeInstanceOf(WorkerDied)
      expect((error as Error).message).toMatch(
        /^process \d+ of languages · ttt-e2e · seed 0 ended \(SIGKILL\): it was killed or ran out of memory; /,
      )
      expect(trained('killed', 'swa').length).toBeGreaterThan(0)
    } finally {
      for (const worker of workers) worker.close()
    }
  }, 60_000)

  it('stop and save where nobody listens any more', async () => {
    const steps = 1000
    const setup = setupIn('alone', steps)
    openStores(microBenchmark(setup.description.preset), setup.comparison)
    const worker = new WorkerProcess(setup, start())
    const measure = atFirstWord(() => worker.close())(worker.measure)
    const listener = { print: () => {}, update: () => {} }
    const work = { task: 'languages', system: 'swa', seed: 0 }
    await expect(measure(work, listener, new AbortController().signal)).rejects.toThrow('(exit code 0)')
    expect(trained('alone', 'swa').length).toBeGreaterThan(0)
    expect(savedSteps('alone', 'swa')).toBeLessThan(steps)
  }, 60_000)

  it('pass on what is wrong as the error that it is', async () => {
    const setup = setupIn('nowhere', 6)
    const reading = { ...setup, comparison: { ...setup.comparison, train: false } }
    const worker = new WorkerProcess(reading, start())
    const task = microBenchmark(setup.description.preset)
    const error = await measureTask(task, reading.comparison, [worker.measure]).catch((each: unknown) => each)
    worker.close()
    expect(error).toBeInstanceOf(UserError)
    expect(error).toMatchObject({ name: 'UserError', message: expect.stringMatching(/holds no trained run/) })
  }, 60_000)
})
