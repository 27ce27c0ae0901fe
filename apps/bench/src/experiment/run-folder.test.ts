import { loadModel } from '@ttt-e2e/checkpoint'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { openTask, resumeRun, trainRun } from '@ttt-e2e/training'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openBenchmark } from '../tasks'
import type { Benchmark } from '../tasks/benchmark'
import { ownText } from '../tasks/own-text'
import { comparisonIn, measureTask, microPreset, tinyProbes } from '../testing'
import { measureHere } from './measure-run'

const root = mkdtempSync(join(tmpdir(), 'folders-'))

beforeAll(() => resolveEngine('cpu'))

const text = Array.from({ length: 500 }, (_, i) => `${i} `).join('')
writeFileSync(join(root, 'text.txt'), text)

const benchmarks: [string, Benchmark][] = [
  ['languages', openBenchmark('languages', 'micro', microPreset)],
  ['text', await ownText('micro', microPreset, { path: join(root, 'text.txt') })],
]

describe.each(benchmarks)('what the bench trains on %s', (name, benchmark) => {
  it('is a run folder, which can be read with and trained further', async () => {
    const comparison = comparisonIn(root, ['ttt-e2e'])
    await measureTask(benchmark, comparison, [measureHere([benchmark], comparison, tinyProbes)])
    const folder = join(root, name, 'ttt-e2e', 'seed-0')
    const tensors = liveTensors()

    const model = await loadModel(folder, { engine: 'cpu' })
    const memory = await model.read(benchmark.task.heldOut[0].tokens)
    expect(memory.tokens).toBe(benchmark.recipe.evaluation.length + 1)
    memory.dispose()
    model.dispose()

    const run = await resumeRun({ folder, changes: { settings: ['training.optimizer.schedule.steps=7'] } })
    const task = await openTask(run.recipe)
    expect(task.fingerprint()).toEqual(benchmark.task.fingerprint())
    expect(task.heldOut).toEqual(benchmark.task.heldOut)
    const engine = { name: 'cpu', description: '', precision: 'f32' as const }
    const kinds: string[] = []
    const { signal } = new AbortController()
    for await (const { kind } of trainRun({ run, task, engine, signal })) kinds.push(kind)
    expect(run.state.step).toBe(7)
    expect(kinds.slice(-3)).toEqual(['step', 'held-out', 'done'])
    disposeRun(run.state)
    expect(liveTensors()).toBe(tensors)
  })
})
