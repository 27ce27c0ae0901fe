import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem } from '@ttt-e2e/baselines'
import { fileNames, latestCheckpoint, saveCheckpoint } from '@ttt-e2e/checkpoint'
import { disposeRun, startRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { MetricsFile, type StepLine } from '@ttt-e2e/training'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { recipeOf } from '../tasks/benchmark'
import { microBenchmark } from '../testing'
import { RunStore } from './run-store'

let directory: string
beforeAll(() => resolveEngine('cpu'))
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'run-'))))

const recipe = recipeOf(microBenchmark(), { system: 'swa', seed: 1 })
const engine = { name: 'cpu', description: '', precision: 'f32' as const }

const line = (step: number): StepLine => ({
  kind: 'step',
  step,
  loss: step,
  firstChunk: 0,
  lastChunk: 0,
  gradientNorm: 0,
  innerNorm: 0,
  learningRate: 0,
  innerRate: 0,
  seconds: 0,
})

/** Saves a run of two steps as the trainer does, and says of three of them that they were taken. */
async function saveRun(): Promise<void> {
  const system = createSystem('swa', recipe.size)
  const state = { ...startRun(system, 1), step: 2, tokens: 64, cursor: { nextSample: 4 } }
  const metrics = new MetricsFile(directory)
  for (const step of [1, 2, 3]) metrics.add(line(step))
  await saveCheckpoint(directory, { recipe, state, engine })
  disposeRun(state)
}

describe('RunStore', () => {
  it('gives back what was saved, without steps that the state has not taken', async () => {
    const store = new RunStore(directory)
    expect(await store.load()).toBeUndefined()
    await saveRun()
    const { run, steps } = (await store.load())!
    expect(run.state).toMatchObject({ step: 2, tokens: 64, cursor: { nextSample: 4 } })
    expect(steps).toEqual([line(1), line(2)])
    disposeRun(run.state)
  })

  it('keeps a run to the precision that it was begun in', () => {
    const store = new RunStore(directory)
    store.open({ system: 'swa' }, {})
    store.open({ system: 'swa', precision: 'f32' }, {})
    expect(() => store.open({ system: 'swa', precision: 'bf16' }, {})).toThrow(
      /holds a run with precision "f32", not "bf16"; ask for the same again/,
    )
  })

  it('says in one sentence that a file is damaged', async () => {
    const store = new RunStore(directory)
    await saveRun()
    writeFileSync(join(latestCheckpoint(directory)!.path, fileNames.model), 'damaged')
    await expect(store.load()).rejects.toThrow(/can't be read \(.*\); remove it or choose another --out$/)
  })
})
