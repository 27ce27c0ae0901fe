import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileNames, latestCheckpoint } from '@ttt-e2e/checkpoint'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { lossByIndex } from '../probes/loss-by-index'
import { resultsOf } from '../probes/probe'
import { training } from '../probes/training'
import type { Benchmark } from '../tasks/benchmark'
import {
  comparisonIn as comparisonOf,
  measureTask,
  microBenchmark,
  resized,
  silentSession,
  tinyProbes,
} from '../testing'
import type { Comparison } from './comparison'
import { measureHere } from './measure-run'

const root = mkdtempSync(join(tmpdir(), 'bench-'))

beforeAll(() => resolveEngine('cpu'))

const comparisonIn = (store: string) => comparisonOf(join(root, store))
const compare = (benchmark: Benchmark, comparison: Comparison, signal?: AbortSignal) =>
  measureTask(
    benchmark,
    comparison,
    [measureHere([benchmark], comparison, tinyProbes)],
    silentSession(1, signal),
  )

/** Aborts when the stream is asked for the batch of this number. */
function interruptedAt(benchmark: Benchmark, batch: number, controller: AbortController): Benchmark {
  const { task } = benchmark
  return {
    ...benchmark,
    task: {
      ...task,
      async *stream(options) {
        let given = 0
        for await (const each of task.stream(options)) {
          if (given++ === batch) controller.abort()
          yield each
        }
      },
    },
  }
}

const filesOf = (store: string) => {
  const { path } = latestCheckpoint(join(root, store, 'languages/ttt-e2e/seed-0'))!
  return [fileNames.model, fileNames.optimizer].map((name) => readFileSync(join(path, name)))
}

describe('measureHere', () => {
  const benchmark = microBenchmark()

  it('goes on after an interruption as if there had been none, then only reads', async () => {
    const whole = await compare(benchmark, comparisonIn('whole'))
    const lossOf = (results: typeof whole) => resultsOf(lossByIndex, results)!.summary
    const runOf = (results: typeof whole) => resultsOf(training, results)!.measured[0].value
    const { loss, differences } = lossOf(whole)
    expect(whole.systems.map(({ name }) => loss[name]?.length)).toEqual([1, 1])
    expect(differences).toMatchObject([{ system: 'ttt-off', pairs: 3 }])

    const controller = new AbortController()
    const interrupted = interruptedAt(benchmark, 3, controller)
    await expect(compare(interrupted, comparisonIn('parts'), controller.signal)).rejects.toThrow('aborted')
    const resumed = await compare(benchmark, comparisonIn('parts'))
    expect(runOf(resumed)).toMatchObject({ steps: 6, tokens: 6 * 32 })
    expect(runOf(resumed).curve).toEqual(runOf(whole).curve)
    expect(filesOf('parts')).toEqual(filesOf('whole'))

    const again = await compare(benchmark, { ...comparisonIn('whole'), train: false })
    expect(lossOf(again).loss).toEqual(loss)
  })

  it('refuses a store that was trained otherwise, and one that is not there', async () => {
    await expect(compare(resized(benchmark, { steps: 7 }), comparisonIn('whole'))).rejects.toThrow(
      /holds a run with training.steps 6, not 7; ask for the same again or choose another --out$/,
    )
    await expect(compare(benchmark, { ...comparisonIn('nowhere'), train: false })).rejects.toThrow(
      /holds no trained run/,
    )
  })
})
