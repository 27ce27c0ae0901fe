import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { definitionOf } from '@ttt-e2e/baselines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { defaultSystems, presets } from '../experiment/presets'
import { withSettings } from '../experiment/with-settings'
import { taskNames } from '../tasks'
import { recipeOf, type Benchmark } from '../tasks/benchmark'
import { microPreset } from '../testing'
import stored from './rates.json'
import { ratesTable } from './rates-table'
import { sweepRecipe } from './sweep-recipe'
import { sweepTask, type SweepOptions } from './sweep'
import { SweepsFile, type Sweeps } from './sweeps-file'
import { bestRate } from './system-rate'

const sweeps: Sweeps = stored

describe('the rates that are kept', () => {
  it.each(taskNames.filter((name) => name in sweeps))(
    'has those of the default run, by the sweep as it is now: %s',
    (task) => {
      const { losses, training } = sweeps[task]
      for (const system of defaultSystems.filter((name) => definitionOf(name).weightsOf === undefined))
        expect(losses).toHaveProperty(system)
      const { length, batch, curriculum, optimizer } = sweepRecipe(task, 'swa', 1e-3).training
      expect(training).toEqual({
        length,
        batch,
        steps: optimizer.schedule.steps,
        ...(curriculum && { curriculum }),
      })
    },
  )

  it('are what the presets train by, unless a rate is set for all', () => {
    const rateOf = (preset: Pick<Benchmark, 'recipe' | 'rates'>, system: string) =>
      recipeOf(preset, { system, seed: 0 }).training.optimizer.schedule.peakLearningRate
    for (const [system, losses] of Object.entries(sweeps.languages.losses))
      expect(rateOf(presets.default.languages, system)).toBe(bestRate(losses).rate)
    const settings = ['training.optimizer.schedule.peakLearningRate=0.005']
    const { preset } = withSettings('default', presets.default, { settings, task: 'languages' })
    expect(rateOf(preset.languages, 'swa')).toBe(0.005)
    expect(rateOf(preset.books, 'swa')).toBe(rateOf(presets.default.books, 'swa'))
  })
})

describe('sweepTask', () => {
  beforeAll(() => resolveEngine('cpu'))
  const folder = mkdtempSync(join(tmpdir(), 'rates-'))
  const path = join(folder, 'rates.json')
  const printed: string[] = []
  const options = (more: Partial<SweepOptions> = {}): SweepOptions => ({
    file: new SweepsFile(path),
    out: join(folder, 'runs'),
    systems: ['swa'],
    rates: [1e-3, 1e-2],
    recipeOf: (_, system, rate) => {
      const recipe = recipeOf({ recipe: microPreset.languages.recipe }, { system, seed: 0 })
      recipe.training.optimizer.schedule.peakLearningRate = rate
      return recipe
    },
    engine: { name: 'cpu', description: '', precision: 'f32' },
    signal: new AbortController().signal,
    print: (line) => printed.push(line),
    update: () => undefined,
    ...more,
  })
  const kept = () => (JSON.parse(readFileSync(path, 'utf8')) as Sweeps).languages.losses

  it('keeps the loss of each system and rate, which it measures once', async () => {
    await sweepTask('languages', options())
    const first = kept()
    expect(Object.keys(first.swa)).toEqual(['0.001', '0.01'])
    expect(first.swa['0.001']).not.toBe(first.swa['0.01'])
    await sweepTask('languages', options({ rates: [1e-3, 1e-2, 1e30] }))
    expect(kept().swa).toEqual({ ...first.swa, '1e+30': null })
    expect(printed).toHaveLength(3)
    expect(existsSync(join(folder, 'runs', 'tiny/languages', 'swa', 'rate-0.001'))).toBe(false)
    expect(ratesTable('languages', kept()).rows).toEqual([
      [
        'swa',
        first.swa['0.001']!.toFixed(3),
        first.swa['0.01']!.toFixed(3),
        'not finite',
        expect.any(String),
      ],
    ])
  })

  it('goes on where it was stopped', async () => {
    const whole = join(folder, 'whole.json')
    await sweepTask(
      'languages',
      options({ file: new SweepsFile(whole), systems: ['full-attention'], rates: [1e-2] }),
    )
    const controller = new AbortController()
    const stopping = options({
      systems: ['full-attention'],
      rates: [1e-2],
      signal: controller.signal,
      update: (line) => line.includes('step 3/') && controller.abort(),
    })
    await expect(sweepTask('languages', stopping)).rejects.toThrow(/aborted/)
    expect(kept()).not.toHaveProperty('full-attention')
    await sweepTask('languages', options({ systems: ['full-attention'], rates: [1e-2] }))
    expect(kept()['full-attention']).toEqual(new SweepsFile(whole).of('languages')['full-attention'])
  })

  it('refuses a file of other training', async () => {
    const file = new SweepsFile(path)
    expect(() => file.begin('languages', { training: { steps: 1 }, validation: 'none' })).toThrow(
      /holds losses of .* on languages, not .*; give another --file, or remove them there$/,
    )
  })
})
