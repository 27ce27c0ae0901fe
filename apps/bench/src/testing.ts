import { Progress } from '@ttt-e2e/cli'
import { Writable } from 'node:stream'
import type { Comparison, Session } from './compare/comparison'
import { measureRuns } from './compare/measure-runs'
import { placeRun } from './compare/place-run'
import { runsOf, type MeasureRun } from './compare/run-work'
import { startResults } from './compare/start-results'
import { openStores } from './compare/stores'
import { Workload } from './compare/workload'
import { presets, type Preset } from './presets'
import type { TaskResults } from './results'
import { languagesTask, type Task } from './tasks'

/** Sizes at which plain JavaScript trains in seconds. */
export const microPreset: Preset = {
  summary: 'for tests',
  languages: {
    ...presets.tiny.languages,
    vocabularySize: 4,
    size: { ...presets.tiny.languages.size, hiddenSize: 8, intermediateSize: 16, window: 4, chunk: 4 },
    training: { length: 16, batch: 2, peakLearningRate: 1e-2, steps: 6 },
    evaluationDocuments: 3,
    reading: { longestContext: 64, repeats: 1 },
  },
  text: {
    ...presets.tiny.text,
    training: { length: 32, batch: 1, peakLearningRate: 1e-2, steps: 2 },
    evaluationDocuments: 4,
  },
}

export const microTask = (): Task => languagesTask(microPreset)

export function comparisonIn(store: string, systems = ['ttt-e2e', 'ttt-off']): Comparison {
  return { systems, seeds: 1, store, train: true, precision: 'f32', provenance: {} }
}

/** A session that nobody watches. */
export function silentSession(workers = 1, signal = new AbortController().signal): Session {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const progress = new Progress(nowhere as unknown as NodeJS.WriteStream)
  return { signal, progress, workload: new Workload(workers) }
}

/** The results of a task's runs, measured by these workers. */
export async function resultsOf(
  task: Task,
  comparison: Comparison,
  workers: MeasureRun[],
  session = silentSession(workers.length),
): Promise<TaskResults> {
  const results = startResults(task, comparison.systems)
  if (comparison.train) openStores(task, comparison)
  await measureRuns(runsOf(task.name, comparison), workers, session, (work, measured) =>
    placeRun({ tasks: [results] }, work, measured),
  )
  return results
}
