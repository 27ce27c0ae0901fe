import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { latestCheckpoint } from '@ttt-e2e/checkpoint'
import { liveTensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import type { ModelsProbe } from '../probes/probe'
import { comparisonIn, microBenchmark } from '../testing'
import { measureHere } from './measure-run'
import { workOf } from './run-work'

const root = mkdtempSync(join(tmpdir(), 'models-'))

beforeAll(() => resolveEngine('cpu'))

const benchmark = microBenchmark()
let asked = 0

/** Trains a model, and another that begins with its weights. */
const two: ModelsProbe<number[], number> = {
  name: 'two',
  needs: 'models',
  systems: () => ['swa'],
  async measure({ benchmark: { recipe }, train }) {
    asked++
    const first = await train({ name: 'first', recipe })
    const second = await train({ name: 'second', recipe, from: first.folder })
    const losses = [first, second].map(({ run }) => run.steps[0].loss)
    for (const model of [first, second]) model.dispose()
    return losses
  },
  summarise: (measured) => measured.length,
}

it('trains models of its own in folders of its own, and is asked once', async () => {
  const comparison = { ...comparisonIn(root, ['ttt-e2e']), sizes: { two: {} } }
  const { runs, models } = workOf('languages', [two], comparison)
  expect(runs).toEqual([])
  expect(models).toEqual([{ task: 'languages', probe: 'two', system: 'swa', seed: 0 }])
  const measure = measureHere([benchmark], comparison, [two])
  const listener = { print: () => {}, update: () => {} }
  const ask = () => measure(models[0], listener, new AbortController().signal)
  const tensors = liveTensors()
  const measured = await ask()
  expect(liveTensors()).toBe(tensors)
  const [first, second] = measured![0].value as number[]
  expect(second).toBeLessThan(first)
  for (const name of ['first', 'second'])
    expect(latestCheckpoint(join(root, 'probes/two/languages', name, 'swa/seed-0'))).toBeDefined()
  expect(await ask()).toEqual(measured)
  expect(asked).toBe(1)
})
