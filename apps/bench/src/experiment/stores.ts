import { join } from 'node:path'
import type { Precision } from '@ttt-e2e/tensor-ops'
import { recipeOf, type Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import { RunStore } from './run-store'
import { runsOf, type RunWork } from './run-work'

/** Where a run is stored. */
export const storeOf = (root: string, { task, system, seed }: RunWork) =>
  new RunStore(join(root, task, system, `seed-${seed}`))

/**
 * Makes the folders of all runs, or checks that what is stored there is what is asked for.
 *
 * @throws UserError
 */
export function openStores(benchmark: Benchmark, comparison: Comparison): void {
  const data = benchmark.task.fingerprint()
  for (const work of runsOf(benchmark.name, comparison)) openStore(benchmark, data, work, comparison)
}

/** The same of one run. @param data the task's fingerprint */
export function openStore(
  benchmark: Omit<Benchmark, 'task'>,
  data: Record<string, string | number>,
  work: RunWork,
  { store, precision, provenance }: Pick<Comparison, 'store' | 'precision' | 'provenance'>,
): void {
  storeOf(store, work).open(whatDetermines(benchmark, data, work, precision), { ...provenance })
}

/** Everything that the training of a run depends on. */
function whatDetermines(
  { name, untilConverged, ...given }: Omit<Benchmark, 'task'>,
  data: Record<string, string | number>,
  { system, seed }: RunWork,
  precision: Precision,
) {
  const { size, training } = recipeOf(given, { system, seed })
  const { length, batch, curriculum, optimizer } = training
  const { steps, peakLearningRate } = optimizer.schedule
  return {
    schemaVersion: 2,
    task: name,
    data,
    system,
    size,
    training: { length, batch, curriculum, peakLearningRate, steps, untilConverged },
    seed,
    precision,
  }
}
