import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Task } from '../tasks'
import { comparisonIn as comparisonOf, microTask, resultsOf, silentSession } from '../testing'
import type { Comparison } from './comparison'
import { measureHere } from './measure-run'

const root = mkdtempSync(join(tmpdir(), 'bench-'))

beforeAll(() => resolveEngine('cpu'))

const comparisonIn = (store: string) => comparisonOf(join(root, store))
const compare = (task: Task, comparison: Comparison, signal?: AbortSignal) =>
  resultsOf(task, comparison, [measureHere([task], comparison)], silentSession(1, signal))

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

describe('measureHere', () => {
  const task = microTask()

  it('goes on after an interruption as if there had been none, then only reads', async () => {
    const whole = await compare(task, comparisonIn('whole'))
    expect(whole.systems.map(({ loss }) => loss?.length)).toEqual([1, 1])
    expect(whole.differences).toMatchObject([{ system: 'ttt-off', pairs: 3 }])

    const controller = new AbortController()
    const interrupted = interruptedAt(task, 3, controller)
    await expect(compare(interrupted, comparisonIn('parts'), controller.signal)).rejects.toThrow('aborted')
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
