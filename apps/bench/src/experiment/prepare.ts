import { openOutputFolder, UserError, type Rank } from '@ttt-e2e/cli'
import { formatTable } from '@ttt-e2e/report'
import { lockFolder } from '@ttt-e2e/tensor-ops/files'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isGiven } from '../given/given-model'
import { loadProbes } from '../probes/load-probes'
import type { Probe } from '../probes/probe'
import { provenance } from '../provenance'
import { parametersTable } from '../report/parameters-table'
import type { Comparison } from './comparison'
import { convergenceRule } from './convergence'
import { defaultOutput, writeDescription } from './description'
import type { Experiment } from './measure-everything'
import type { BenchOptions } from './options'
import { makePlan } from './plan'
import type { Results } from './results'
import { workOf } from './run-work'
import { startResults } from './start-results'
import { openStores } from './stores'
import { describeShares } from './workers/share-out'

export interface Prepared {
  /** The folder of the report, and of what is trained. */
  out: string
  experiment: Experiment
  probes: Probe[]
  /** Before anything was measured. */
  results: Results
  /** Lets other processes write to the folder. */
  unlock(): void
}

/**
 * Checks that everything asked for is there, and says what is going to be done; nothing is written before.
 *
 * @param caller the folder that the caller works in
 * @param rank one that isn't the first finds the folder as the first has made it
 * @throws UserError, DataError or EngineError for a request that cannot be met
 */
export async function prepare(
  options: BenchOptions,
  caller: string,
  { communicator: { size: ranks }, isFirst, threads }: Rank,
  print: (line: string) => void,
): Promise<Prepared> {
  const { data, textField, model } = options
  if (data !== undefined && !statSync(data, { throwIfNoEntry: false }))
    throw new UserError(`there is no file or folder '${data}'; give --data one that exists`)
  const known = await loadProbes(options.probes)
  const plan = await makePlan({ ...options, threads: options.threads ?? threads, ranks }, known, print)
  const { description, benchmarks, shares, engine, engineOptions, train } = plan
  const { preset, presetName, systems, seeds, firstSeed } = description
  const { probes, sizes, lines } = plan.asked
  for (const line of lines) print(line)
  print(engine.line)
  const out = options.out ?? defaultOutput(caller, presetName, data, model)
  if (isFirst) openOutputFolder(out)
  const unlock = isFirst ? lockFolder(out) : () => undefined
  print(`preset: ${presetName} (${preset.summary}) · output: ${out}`)
  print(describeShares(shares))

  const origin = provenance()
  const { name, description: engineDescription, line } = engine
  const results: Results = {
    schemaVersion: 2,
    startedAt: new Date().toISOString(),
    finishedAt: '',
    interrupted: false,
    options: { presetName, preset, systems, seeds, firstSeed, data, trained: train, probes: sizes, shares },
    engine: { name, description: engineDescription, precision: engine.precision, line },
    ...origin,
    convergenceRule: isGiven(model) ? 'Nothing was trained.' : convergenceRule,
    tasks: benchmarks.map((benchmark) => startResults(benchmark, systems)),
  }
  for (const task of results.tasks) print(`\n${formatTable(parametersTable(task))}`)

  const comparison: Comparison = {
    systems,
    seeds,
    firstSeed,
    store: model ?? out,
    measured: join(out, 'measured'),
    sizes,
    train,
    precision: engine.precision,
    provenance: { engine: results.engine, ...origin },
  }
  try {
    if (train && isFirst) {
      const trained = benchmarks.filter(({ name }) => workOf(name, probes, description).runs.length > 0)
      writeDescription(out, { ...description, tasks: trained.map((benchmark) => benchmark.name) })
      for (const benchmark of trained) openStores(benchmark, comparison)
    }
  } catch (error) {
    unlock()
    throw error
  }
  const taskOptions = { data, textField, model, task: options.task }
  const setup = { engine: name, engineOptions, description, taskOptions, comparison, probes: options.probes }
  return { out, experiment: { benchmarks, engine, setup }, probes, results, unlock }
}
