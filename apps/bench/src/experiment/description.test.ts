import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readDescription, seedsOf, writeDescription, type ExperimentDescription } from './description'
import { describeExperiment } from './describe-experiment'
import { presets } from './presets'

const description: ExperimentDescription = {
  schemaVersion: 2,
  presetName: 'tiny',
  preset: presets.tiny,
  systems: ['swa'],
  seeds: 2,
  tasks: ['books'],
}

it('holds what all experiments of a folder trained', () => {
  const folder = mkdtempSync(join(tmpdir(), 'description-'))
  writeDescription(folder, { ...description, firstSeed: 3 })
  expect(readDescription(folder)).toEqual({ ...description, firstSeed: 3 })
  writeDescription(folder, {
    ...description,
    seeds: 1,
    firstSeed: 2,
    systems: ['titans'],
    tasks: ['languages'],
  })
  const both = readDescription(folder)
  expect(both).toMatchObject({ systems: ['swa', 'titans'], tasks: ['books', 'languages'] })
  expect(seedsOf(both)).toEqual([2, 3, 4])
  writeDescription(folder, description)
  expect(seedsOf(readDescription(folder))).toEqual([0, 1, 2, 3, 4])
})

it('reads with the seeds that a folder holds, and with no others', () => {
  const stored = { ...description, firstSeed: 3 }
  const read = (options: object) =>
    seedsOf(
      describeExperiment(stored, { engine: 'auto', model: 'runs/a', ...options }, 'cpu', () => undefined),
    )
  expect(read({})).toEqual([3, 4])
  expect(read({ seeds: 1 })).toEqual([3])
  expect(read({ firstSeed: 4 })).toEqual([4])
  expect(() => read({ seeds: 3 })).toThrow("'runs/a' holds no seed 5; it holds 3, 4")
  expect(() => read({ firstSeed: 0 })).toThrow("'runs/a' holds no seed 0; it holds 3, 4")
  expect(() => read({ firstSeed: 5 })).toThrow("'runs/a' holds no seed 5; it holds 3, 4")
})
