import type { ExperimentDescription } from '../experiment/description'
import type { TaskOptions } from '../experiment/options'
import type { Probe } from '../probes/probe'
import type { Benchmark } from './benchmark'
import { chooseBenchmarks } from './choose-benchmarks'
import { storedBenchmarks } from './stored-benchmarks'

/**
 * The tasks of an experiment: those that were asked for and that a probe is asked on, or those to read with what is stored.
 *
 * @throws UserError or DataError for what can't be had
 */
export const benchmarksOf = (
  description: ExperimentDescription,
  options: TaskOptions,
  probes: readonly Probe[],
): Promise<Benchmark[]> =>
  options.model === undefined
    ? chooseBenchmarks(description, options, probes)
    : storedBenchmarks(description, options, probes)
