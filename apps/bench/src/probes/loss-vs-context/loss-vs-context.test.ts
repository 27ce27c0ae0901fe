import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { measureHere } from '../../experiment/measure-run'
import { startResults } from '../../experiment/start-results'
import { comparisonIn, measureTask, microBenchmark } from '../../testing'
import { resultsOf } from '../probe'
import { baseFor, extended } from './extension'
import { lossVsContext } from './index'
import { summariseContexts } from './summarise'

beforeAll(() => resolveEngine('cpu'))

const benchmark = microBenchmark()

describe('full attention at longer contexts', () => {
  it('is trained on with as many tokens a step, at the published base', () => {
    const { training, size } = extended(benchmark.recipe, 64, 6)
    expect([training.length, training.batch, training.optimizer.schedule.steps]).toEqual([64, 1, 3])
    expect(size.ropeTheta).toBe(4 * benchmark.recipe.size.ropeTheta)
    expect([1, 2, 4, 8, 16, 32].map(baseFor)).toEqual([1, 2, 4, 10, 20, 20])
  })

  it('reads them with weights of its own, which are kept', async () => {
    const root = mkdtempSync(join(tmpdir(), 'contexts-'))
    const measure = (store: string, extensionSteps: number) => {
      const comparison = {
        ...comparisonIn(join(root, store), ['full-attention', 'swa']),
        sizes: { 'loss-vs-context': { extensionSteps } },
      }
      const probes = [lossVsContext]
      return measureTask(
        benchmark,
        comparison,
        [measureHere([benchmark], comparison, probes)],
        undefined,
        probes,
      )
    }
    const extendedTask = await measure('a', 2)
    const { loss } = resultsOf(lossVsContext, extendedTask)!.summary
    const [attention, window] = resultsOf(lossVsContext, extendedTask)!.measured
    expect(extendedTask.contexts).toEqual([4, 8, 16, 32, 64])
    expect(attention.value.extensions.map(({ context }) => context)).toEqual([32, 64])
    expect(window.value.extensions).toEqual([])
    for (const length of [32, 64])
      expect(
        existsSync(
          join(
            root,
            'a/probes/loss-vs-context/languages',
            `length-${length}`,
            'full-attention/seed-0/checkpoints',
          ),
        ),
      ).toBe(true)

    const plain = resultsOf(lossVsContext, await measure('b', 0))!.summary.loss
    expect(loss.swa).toEqual(plain.swa)
    expect(loss['full-attention'].slice(0, 3)).toEqual(plain['full-attention'].slice(0, 3))
    expect(loss['full-attention'][4]).not.toBe(plain['full-attention'][4])
    const again = resultsOf(lossVsContext, await measure('a', 2))!.summary.loss
    expect(again).toEqual(loss)
  })
})

it('finds the slope of a difference, paired by document', () => {
  const task = startResults(benchmark, ['ttt-e2e', 'full-attention'])
  const value = (of: (doubling: number) => number) => ({
    extensions: [],
    loss: [0, 10, 20].map((document) => task.contexts.map((_, doubling) => document + of(doubling))),
  })
  const { differences } = summariseContexts(
    [
      { system: 'ttt-e2e', seed: 0, value: value((doubling) => 5 - 0.5 * doubling) },
      { system: 'full-attention', seed: 0, value: value((doubling) => 5 - 0.25 * doubling) },
    ],
    task,
  )
  expect(differences).toHaveLength(1)
  const { byContext, slope, slopeBeyond } = differences[0]
  expect(byContext.map(({ mean }) => mean)).toEqual(
    [0, -0.25, -0.5, -0.75, -1].map((each) => expect.closeTo(each)),
  )
  for (const each of [slope, slopeBeyond!])
    expect(each).toMatchObject({
      mean: expect.closeTo(-0.25),
      low: expect.closeTo(-0.25),
      high: expect.closeTo(-0.25),
    })
})
