import { resolveEngine, type EngineOptions, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { askGiven } from '../given/ask-given'
import { givenBenchmark } from '../given/given-benchmark'
import { isGiven, openGivenModel } from '../given/given-model'
import type { Probe } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
import { benchmarksOf } from '../tasks/benchmarks-of'
import { askProbes, type AskedProbes } from './ask-probes'
import { choosePreset, presetOfName } from './choose-preset'
import { describeExperiment } from './describe-experiment'
import { readDescription, type ExperimentDescription } from './description'
import type { BenchOptions } from './options'
import { presets } from './presets'
import { workOf } from './run-work'
import { shareOut, type Shares } from './workers/share-out'

/** What is to be measured, and by what; nothing is written yet. */
export interface Plan {
  description: ExperimentDescription
  benchmarks: Benchmark[]
  asked: AskedProbes
  shares: Shares
  engine: ResolvedEngine
  engineOptions: EngineOptions
  /** Whether what isn't trained yet is trained. */
  train: boolean
}

/** What was asked for, and the number of ranks that do it together. */
type Asked = BenchOptions & { ranks: number }

/** @param known all probes @param print told what is otherwise than was asked for @throws UserError, DataError, EngineError */
export const makePlan = (
  options: Asked,
  known: readonly Probe[],
  print: (line: string) => void,
): Promise<Plan> =>
  isGiven(options.model)
    ? planGiven(options, options.model, known, print)
    : planExperiment(options, known, print)

/** Systems that are trained, or were by an earlier run. */
async function planExperiment(
  options: Asked,
  known: readonly Probe[],
  print: (line: string) => void,
): Promise<Plan> {
  const { model, precision } = options
  const stored = model === undefined ? undefined : readDescription(model)
  const probed = await resolveEngine(options.engine, { precision })
  const description = describeExperiment(stored, options, probed.name, print)
  const asked = askProbes(known, presetOfName(description.presetName), options.only)
  const benchmarks = await benchmarksOf(description, options, asked.probes)
  const work = benchmarks.map(({ name }) => workOf(name, asked.probes, description))
  const shares = shareOut(work.flatMap(({ runs, models }) => [...runs, ...models]).length, options)
  // What is timed in this process is timed with the threads that a run has.
  const engineOptions = { threads: shares.threads, precision }
  const engine = await resolveEngine(options.engine, engineOptions)
  return { description, benchmarks, asked, shares, engine, engineOptions, train: !stored }
}

/** One model that is read with as it is. */
async function planGiven(
  options: Asked,
  path: string,
  known: readonly Probe[],
  print: (line: string) => void,
): Promise<Plan> {
  const { data, textField, settings, only, expand } = options
  const shares = shareOut(1, options)
  const engineOptions = { threads: shares.threads, precision: options.precision }
  const engine = await resolveEngine(options.engine, engineOptions)
  const { presetName, line } = choosePreset(engine.name, options.preset)
  if (line) print(line)
  const preset = { ...presets[presetName], summary: `its sizes of probes; '${path}' is read with as it is` }
  const asked = askProbes(known, presetName, only)
  const given = await openGivenModel(path, { expand })
  const benchmark = await givenBenchmark(given, preset.books, { data, textField, settings })
  const description: ExperimentDescription = {
    schemaVersion: 2,
    presetName,
    preset,
    systems: Object.keys(given.systems),
    seeds: 1,
    tasks: [],
  }
  const benchmarks = [benchmark]
  return {
    description,
    benchmarks,
    asked: askGiven(asked, benchmark, only),
    shares,
    engine,
    engineOptions,
    train: false,
  }
}
