import { UserError } from '@ttt-e2e/cli'
import { choosePreset } from './choose-preset'
import { deepEnough } from './deep-enough'
import { seedsOf, type ExperimentDescription } from './description'
import { withWeights, type BenchOptions } from './options'
import { presets } from './presets'
import { withSettings } from './with-settings'

/**
 * What is to be trained and measured: as the options say, or with what is stored.
 *
 * @param engine the engine's name
 * @param print told what is otherwise than was asked for, and why
 * @throws UserError if nothing stored fits
 */
export function describeExperiment(
  stored: ExperimentDescription | undefined,
  options: BenchOptions,
  engine: string,
  print: (line: string) => void,
): ExperimentDescription {
  if (stored) return fromStored(stored, options)
  const { presetName, line } = choosePreset(engine, options.preset)
  if (line) print(line)
  const systems = withWeights(options.systems)
  const set = withSettings(presetName, presets[presetName], options)
  const deep = deepEnough(set.presetName, set.preset, systems)
  if (deep.line) print(deep.line)
  return {
    schemaVersion: 2,
    presetName: deep.presetName,
    preset: deep.preset,
    systems,
    seeds: options.seeds ?? deep.preset.seeds ?? 1,
    ...(options.firstSeed !== undefined && { firstSeed: options.firstSeed }),
    tasks: [],
    ...(options.data !== undefined && { data: options.data }),
    ...(options.textField !== undefined && { textField: options.textField }),
  }
}

function fromStored(stored: ExperimentDescription, options: BenchOptions): ExperimentDescription {
  const systems = options.systems === undefined ? stored.systems : withWeights(options.systems)
  const missing = systems.filter((name) => !stored.systems.includes(name))
  if (missing.length > 0)
    throw new UserError(
      `'${options.model}' holds no run of ${missing.join(', ')}; it holds ${stored.systems.join(', ')}`,
    )
  const firstSeed = options.firstSeed ?? stored.firstSeed ?? 0
  const end = (stored.firstSeed ?? 0) + stored.seeds
  const seeds = options.seeds ?? end - firstSeed
  const held = seedsOf(stored)
  const lacking = seedsOf({ seeds, firstSeed }).find((seed) => !held.includes(seed))
  if (lacking !== undefined || seeds < 1)
    throw new UserError(
      `'${options.model}' holds no seed ${lacking ?? firstSeed}; it holds ${held.join(', ')}`,
    )
  return { ...stored, systems, seeds, firstSeed }
}
