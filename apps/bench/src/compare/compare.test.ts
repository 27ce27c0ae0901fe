import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { placeMeasurements } from '../experiment/place-measurements'
import type { Results } from '../experiment/results'
import { startResults } from '../experiment/start-results'
import { ownProbes } from '../probes'
import { lossByIndex } from '../probes/loss-by-index'
import { trainingCost } from '../probes/training-cost'
import { microBenchmark } from '../testing'
import { changedNumbers } from './changed-numbers'
import { compareResults } from './index'
import { readResults } from './read-results'

beforeAll(() => resolveEngine('cpu'))

function results(nats: number[], seconds: number): Results {
  const task = startResults(microBenchmark(), ['swa'])
  placeMeasurements(task, lossByIndex, [{ system: 'swa', seed: 0, value: nats.map((each) => [each]) }])
  const cost = { contexts: [4], secondsPer1000: [[seconds]] }
  placeMeasurements(task, trainingCost, [{ system: 'swa', value: cost }])
  return {
    schemaVersion: 2,
    options: { presetName: 'micro', seeds: 1 },
    engine: { line: 'engine: cpu' },
    machine: { cores: 2 },
    gitHash: null,
    finishedAt: '',
    tasks: [task],
  } as unknown as Results
}

it('pairs losses by document, and divides seconds', () => {
  const tables = compareResults(results([1, 2, 3], 1), results([1.5, 2.5, 3.5], 3), ownProbes)
  expect(tables.map(({ title, rows }) => [title, rows.at(-1)])).toEqual([
    ['how they were made', ['ended', '', '']],
    ['languages: loss at –64 (nats per token)', ['swa', '2.000', '2.500', '+0.500 (+0.500 to +0.500)']],
    ['seconds', ['languages · swa · 1000 tokens trained on, in sequences of 4', '1.00', '3.00', '3.00']],
    ['languages: numbers that changed most', ['loss-by-index · last · swa · high', '3.000', '3.500']],
  ])
})

it('finds changed numbers, the greatest change first', () => {
  const [a, b] = [
    { x: [1, 2], y: { z: 1 }, only: 1, name: 'a' },
    { x: [1, 3], y: { z: -1 }, name: 'b' },
  ]
  expect(changedNumbers(a, b)).toEqual([
    { path: 'y · z', a: 1, b: -1 },
    { path: 'x · 1', a: 2, b: 3 },
  ])
})

it('reads a file or a folder of a run, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'compare-'))
  writeFileSync(join(folder, 'results.json'), JSON.stringify({ schemaVersion: 2, tasks: [] }))
  expect(readResults(folder)).toEqual(readResults(join(folder, 'results.json')))
  writeFileSync(join(folder, 'other.json'), '[]')
  expect(() => readResults(join(folder, 'other.json'))).toThrow(/holds no results of the bench/)
  expect(() => readResults(join(folder, 'none.json'))).toThrow(/^there is no file '.*none.json'/)
})
