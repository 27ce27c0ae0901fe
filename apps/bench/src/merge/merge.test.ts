import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { placeMeasurements } from '../experiment/place-measurements'
import type { Results } from '../experiment/results'
import { startResults } from '../experiment/start-results'
import { ownProbes } from '../probes'
import { lossByIndex } from '../probes/loss-by-index'
import { formatHtml } from '../report/html'
import { microBenchmark } from '../testing'
import { mergeResults } from './index'

beforeAll(() => resolveEngine('cpu'))

interface Measured {
  system: string
  seed: number
  nats: number[]
}

/** What a run with these seeds measured, as its results.json has it. */
function results(measured: Measured[], change: Partial<Results> = {}): Results {
  const systems = [...new Set(measured.map(({ system }) => system))]
  const seeds = measured.map(({ seed }) => seed)
  const task = startResults(microBenchmark(), systems)
  const values = measured.map(({ system, seed, nats }) => ({
    system,
    seed,
    value: nats.map((each) => [each]),
  }))
  placeMeasurements(task, lossByIndex, values)
  const firstSeed = Math.min(...seeds)
  return JSON.parse(
    JSON.stringify({
      schemaVersion: 2,
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T01:00:00.000Z',
      interrupted: false,
      options: {
        presetName: 'micro',
        preset: { summary: 'small' },
        systems,
        seeds: Math.max(...seeds) + 1 - firstSeed,
        firstSeed,
        trained: true,
        probes: { 'loss-by-index': {} },
        shares: { workers: 1, threads: 1 },
      },
      engine: { name: 'cpu', line: 'engine: cpu' },
      machine: { cores: 2 },
      versions: {},
      gitHash: 'abc',
      convergenceRule: '',
      tasks: [task],
      ...change,
    }),
  ) as Results
}

const merge = (...all: Results[]) =>
  mergeResults(
    all.map((held, i) => ({ name: 'abc'[i], held })),
    ownProbes,
  )

it('makes of the seeds and systems of several runs what one run would have measured', () => {
  const measured = [0, 1].flatMap((seed) => [
    { system: 'ttt-e2e', seed, nats: [1 + seed, 2, 3] },
    { system: 'swa', seed, nats: [2, 2 + seed, 4] },
  ])
  const together = results(measured)
  const bySeed = merge(...[0, 1].map((seed) => results(measured.filter((each) => each.seed === seed))))
  expect(bySeed.tasks).toEqual(together.tasks)
  expect(bySeed.options).toEqual(together.options)
  const bySystem = merge(
    ...['ttt-e2e', 'swa'].map((name) => results(measured.filter(({ system }) => system === name))),
  )
  expect(bySystem.tasks).toEqual(together.tasks)
  expect(bySystem.options).toEqual(together.options)
})

it('takes what two runs measured from the first', () => {
  const [a, b] = [1, 2].map((nats) => results([{ system: 'swa', seed: 3, nats: [nats] }]))
  const { tasks, options } = merge(a, b)
  expect(tasks[0].probes['loss-by-index'].measured).toEqual([{ system: 'swa', seed: 3, value: [[1]] }])
  expect(options).toMatchObject({ seeds: 1, firstSeed: 3 })
})

it('says where the numbers come from, also of what was merged before', () => {
  const [a, b, c] = [0, 1, 2].map((seed) =>
    results([{ system: 'swa', seed, nats: [1] }], { gitHash: `commit-${seed}`, interrupted: seed === 1 }),
  )
  const merged = merge(merge(a, b), c)
  expect(merged.mergedFrom!.map(({ gitHash }) => gitHash)).toEqual(['commit-0', 'commit-1', 'commit-2'])
  expect(merged.interrupted).toBe(true)
  const html = formatHtml(merged, ownProbes)
  expect(html).toContain('3 seeds · merged from 3 runs')
  for (const { gitHash } of [a, b, c]) expect(html).toContain(`commit ${gitHash}`)
})

it('refuses runs that trained or read otherwise, and says where', () => {
  const [a, b] = [0, 1].map((seed) => results([{ system: 'swa', seed, nats: [1] }]))
  const changed = (change: (results: Results) => void) => {
    const other = structuredClone(b)
    change(other)
    return () => merge(a, other)
  }
  expect(changed(({ tasks }) => (tasks[0].recipe.training.batch = 7))).toThrow(
    /^'a' and 'b' can't be merged: recipe.training.batch of languages is \d+ in the first and 7 in the second$/,
  )
  expect(changed(({ tasks }) => (tasks[0].systems[0].peakLearningRate = 1))).toThrow(
    /peakLearningRate of swa on languages is [\d.]+ in the first and 1 in the second$/,
  )
  expect(changed(({ options }) => (options.presetName = 'full'))).toThrow(
    `the preset is "micro" in the first and "full" in the second`,
  )
  expect(changed(({ options }) => (options.probes = { 'loss-by-index': { documents: 3 } }))).toThrow(
    'the size of the probe loss-by-index',
  )
})

it("refuses what a probe of the caller's own measured, where its module isn't given", () => {
  const one = results([{ system: 'swa', seed: 0, nats: [1] }])
  one.tasks[0].probes.own = { measured: [], summary: {} }
  expect(() => merge(one)).toThrow(/^'a' holds what the probe 'own' measured, .* --probe$/)
})
