import { Progress } from '@ttt-e2e/cli'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Task } from '../tasks'
import { microTask } from '../testing'
import { compareTask } from './compare-task'
import type { Comparison } from './comparison'
import { startResults } from './start-results'
import { openStores } from './stores'
import { summarise } from './summarise'
import { Workload } from './workload'

const root = mkdtempSync(join(tmpdir(), 'bench-'))
const systems = ['ttt-e2e', 'ttt-off']

beforeAll(() => resolveEngine('cpu'))
afterAll(() => rmSync(root, { recursive: true }))

function comparisonIn(store: string, signal = new AbortController().signal): Comparison {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() }) as unknown as NodeJS.WriteStream
  return {
    systems,
    seeds: 1,
    store: join(root, store),
    train: true,
    precision: 'f32',
    provenance: {},
    signal,
    progress: new Progress(silent),
    workload: new Workload(),
  }
}

async function compare(task: Task, comparison: Comparison) {
  const results = startResults(task, systems)
  if (comparison.train) openStores(task, comparison)
  await compareTask(task, results, comparison)
  summarise(results)
  return results
}

/** Aborts when the stream is asked for the batch of this number. */
function interruptedAt(task: Task, batch: number, controller: AbortController): Task {
  return {
    ...task,
    async *stream(options) {
      let given = 0
      for await (const each of task.stream(options)) {
        if (given++ === batch) controller.abort()
        yield each
      }
    },
  }
}

describe('compareTask', () => {
  const task = microTask()

  it('goes on after an interruption as if there had been none, then only reads', async () => {
    const whole = await compare(task, comparisonIn('whole'))
    expect(whole.systems.map(({ loss }) => loss?.length)).toEqual([1, 1])
    expect(whole.differences).toMatchObject([{ system: 'ttt-off', pairs: 3 }])

    const controller = new AbortController()
    const stopped = comparisonIn('parts', controller.signal)
    await expect(compare(interruptedAt(task, 3, controller), stopped)).rejects.toThrow('aborted')
    const resumed = await compare(task, comparisonIn('parts'))
    expect(resumed.systems[0].runs[0]).toMatchObject({ steps: 6, tokens: 6 * 32 })
    expect(resumed.systems[0].runs[0].curve).toEqual(whole.systems[0].runs[0].curve)
    const file = 'languages/ttt-e2e/seed-0/run.safetensors'
    expect(readFileSync(join(root, 'parts', file)).equals(readFileSync(join(root, 'whole', file)))).toBe(true)

    const again = await compare(task, { ...comparisonIn('whole'), train: false })
    expect(again.systems.map(({ loss }) => loss)).toEqual(whole.systems.map(({ loss }) => loss))
  })

  it('refuses a store that was trained otherwise, and one that is not there', async () => {
    const training = { ...task.training, steps: 7 }
    await expect(compare({ ...task, training }, comparisonIn('whole'))).rejects.toThrow(
      /holds a run with training.steps 6, not 7; ask for the same again or choose another --out$/,
    )
    await expect(compare(task, { ...comparisonIn('nowhere'), train: false })).rejects.toThrow(
      /holds no trained run/,
    )
  })
})
