import { Progress } from '@ttt-e2e/cli'
import { standardSchedule } from '@ttt-e2e/meta-outer'
import { alone } from '@ttt-e2e/tensor-ops'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { askProbes } from './experiment/ask-probes'
import type { Comparison } from './experiment/comparison'
import type { Session } from './experiment/session'
import { placeRun } from './experiment/measure-everything'
import { measureRuns } from './experiment/measure-runs'
import { presets, type Preset, type TaskPreset } from './experiment/presets'
import type { TaskResults } from './experiment/results'
import { runsOf, type MeasureRun } from './experiment/run-work'
import { startResults } from './experiment/start-results'
import { openStores } from './experiment/stores'
import { Workload } from './experiment/workload'
import { ownProbes } from './probes'
import { openBenchmark } from './tasks'
import type { Benchmark } from './tasks/benchmark'

/** A preset's task at another size, number of steps, and so on. */
export function resized<Given extends Pick<TaskPreset, 'recipe'>>(
  given: Given,
  changes: {
    size?: Partial<TaskPreset['recipe']['size']>
    length?: number
    batch?: number
    steps?: number
    documents?: number
  },
): Given {
  const { training, evaluation, size } = given.recipe
  const { length = training.length, batch = training.batch, documents = evaluation.documents } = changes
  const { steps = training.optimizer.schedule.steps } = changes
  return {
    ...given,
    recipe: {
      ...given.recipe,
      size: { ...size, ...changes.size },
      training: {
        ...training,
        length,
        batch,
        optimizer: { ...training.optimizer, schedule: standardSchedule(steps, 1e-2) },
      },
      evaluation: { ...evaluation, documents, length: 4 * length },
    },
  }
}

/** Sizes at which plain JavaScript trains in seconds. */
export const microPreset: Preset = {
  summary: 'for tests',
  languages: resized(presets.tiny.languages, {
    size: { vocabularySize: 4, hiddenSize: 8, intermediateSize: 16, window: 4, chunk: 4 },
    length: 16,
    batch: 2,
    steps: 6,
    documents: 3,
  }),
  books: resized(presets.tiny.books, { length: 32, batch: 1, steps: 2, documents: 4 }),
}

export const microBenchmark = (preset = microPreset): Benchmark => openBenchmark('languages', 'micro', preset)

const asked = askProbes(ownProbes, 'tiny')

/** What the preset `tiny` measures. */
export const tinyProbes = asked.probes

export function comparisonIn(store: string, systems = ['ttt-e2e', 'ttt-off']): Comparison {
  const engine = { name: 'cpu', description: '', precision: 'f32' as const, line: '' }
  const provenance = { engine, machine: {}, versions: {}, gitHash: null }
  const { sizes } = asked
  const measured = join(store, 'measured')
  return { systems, seeds: 1, store, measured, sizes, train: true, precision: 'f32', provenance }
}

/** A session that nobody watches. */
export function silentSession(workers = 1, signal = new AbortController().signal): Session {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const progress = new Progress(nowhere as unknown as NodeJS.WriteStream)
  return { signal, progress, workload: new Workload(workers), communicator: alone }
}

/** The results of a task's runs, measured by these workers. */
export async function measureTask(
  benchmark: Benchmark,
  comparison: Comparison,
  workers: MeasureRun[],
  session = silentSession(workers.length),
  probes = tinyProbes,
): Promise<TaskResults> {
  const results = startResults(benchmark, comparison.systems)
  if (comparison.train) openStores(benchmark, comparison)
  await measureRuns(runsOf(benchmark.name, comparison), workers, session, (work, measured) =>
    placeRun({ tasks: [results] }, probes, work, measured),
  )
  return results
}
