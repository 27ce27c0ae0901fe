import {
  abortOnSignals,
  formatDuration,
  interruptedExitCode,
  openOutputFolder,
  Progress,
  UserError,
} from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { statSync } from 'node:fs'
import { createSystem } from '@ttt-e2e/baselines'
import { resolveEngine, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { choosePreset } from './choose-preset'
import type { Comparison, Session } from './compare/comparison'
import { startResults } from './compare/start-results'
import { openStores } from './compare/stores'
import { convergenceRule } from './compare/convergence'
import { estimate } from './compare/estimate'
import { measureRuns } from './compare/measure-runs'
import { placeRun } from './compare/place-run'
import { measureReading } from './compare/reading-speed'
import { runsOf, type RunWork } from './compare/run-work'
import { Workload } from './compare/workload'
import { deepEnough } from './deep-enough'
import { withWeights, type BenchOptions } from './options'
import { presets } from './presets'
import { provenance } from './provenance'
import { parametersTable } from './report/tables/parameters'
import { formatTable } from './report/text'
import { writeReport } from './report/write-report'
import type { Results } from './results'
import { defaultOutput, readDescription, writeDescription, type RunDescription } from './run-description'
import type { Task } from './tasks'
import { tasksOf } from './tasks/tasks-of'
import { describeShares, shareOut } from './workers/share-out'
import { startWorkers } from './workers/start-workers'
import { WorkerDied } from './workers/worker-process'

/**
 * Trains, reads and reports as asked; stops cleanly on a signal and keeps what was measured.
 *
 * @param caller the folder that the caller works in
 * @returns the exit code
 * @throws UserError, DataError or EngineError for a request that cannot be met
 */
export async function bench(options: BenchOptions, caller: string): Promise<number> {
  const progress = new Progress()
  if (options.data !== undefined && !statSync(options.data, { throwIfNoEntry: false }))
    throw new UserError(`there is no file or folder '${options.data}'; give --data one that exists`)
  const stored = options.model === undefined ? undefined : readDescription(options.model)
  const { precision } = options
  const probed = await resolveEngine(options.engine, { precision })

  const description = stored ? fromStored(stored, options) : describe(options, probed, progress)
  const { preset, presetName, systems, seeds } = description
  const tasks = tasksOf(description, options)
  const runs = tasks.flatMap((task) => runsOf(task.name, description))
  const shares = shareOut(runs.length, options)
  // What is timed in this process is timed with the threads that a run has.
  const engine = await resolveEngine(options.engine, { threads: shares.threads, precision })
  progress.print(engine.line)
  const out = options.out ?? defaultOutput(caller, presetName, options.data, options.model)
  openOutputFolder(out)
  progress.print(`preset: ${presetName} (${preset.summary}) · output: ${out}`)
  progress.print(describeShares(shares))

  const origin = provenance()
  const { name, description: engineDescription, line } = engine
  const results: Results = {
    schemaVersion: 1,
    startedAt: new Date().toISOString(),
    finishedAt: '',
    interrupted: false,
    options: { presetName, preset, systems, seeds, data: options.data, trained: !stored, shares },
    engine: { name, description: engineDescription, precision: engine.precision, line },
    ...origin,
    convergenceRule,
    tasks: tasks.map((task) => startResults(task, systems)),
  }
  for (const task of results.tasks) progress.print(`\n${formatTable(parametersTable(task))}`)

  const comparison: Comparison = {
    systems,
    seeds,
    store: options.model ?? out,
    train: !stored,
    precision: engine.precision,
    provenance: { engine: results.engine, ...origin },
  }
  if (!stored) {
    for (const task of tasks) openStores(task, comparison)
    writeDescription(out, { ...description, tasks: tasks.map(({ name }) => name) })
  }
  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping after this step and saving; Ctrl-C again quits at once'),
  )
  const session: Session = { signal, progress, workload: new Workload(shares.workers) }
  const startedAt = performance.now()
  let died: WorkerDied | undefined
  try {
    await timeAlone(tasks, results, comparison, session, engine)
    const setup = {
      engine: engine.name,
      engineOptions: { threads: shares.threads, precision },
      description,
      taskOptions: { data: options.data, model: options.model, task: options.task },
      comparison,
    }
    const workers = startWorkers(shares.workers, tasks, setup)
    try {
      await measureRuns(inOrder(runs, session.workload), workers.measure, session, (work, measured) => {
        placeRun(results, work, measured)
        // A run that is killed later still leaves a report of those before.
        writeReport(out, results)
      })
    } finally {
      workers.close()
    }
  } catch (error) {
    if (error instanceof WorkerDied) died = error
    else if (error !== signal.reason) throw error
    results.interrupted = true
  } finally {
    progress.clear()
    restore()
  }
  const paths = writeReport(out, results)
  progress.print(paths.text)
  progress.print(`\ntook ${formatDuration((performance.now() - startedAt) / 1000)}`)
  progress.print(`results: ${paths.results}\nreport:  ${paths.report}`)
  if (!results.interrupted) return 0
  if (died) process.stderr.write(`${died.message}\n`)
  progress.print('stopped before the end; the same command goes on from here')
  return died ? 1 : interruptedExitCode
}

/** What is timed in this process while nothing else runs: how long the runs should take, and the speeds of reading. */
async function timeAlone(
  tasks: Task[],
  results: Results,
  comparison: Comparison,
  session: Session,
  engine: ResolvedEngine,
): Promise<void> {
  const { progress, signal, workload } = session
  const most = new Workload(results.options.shares.workers)
  for (const [i, task] of tasks.entries()) {
    const taskResults = results.tasks[i]
    if (comparison.train) await estimate(task, taskResults, comparison, session, engine, most)
    const timed = taskResults.systems.filter(({ weightsOf }) => weightsOf === undefined)
    const speeds = await measureReading(
      timed.map(({ name }) => createSystem(name, task.size)),
      task.reading,
      signal,
      ({ name }) => progress.update(`${task.name} · ${name} · times its reading`),
    )
    timed.forEach((system, place) => (system.readingSpeed = speeds[place]))
  }
  if (!comparison.train) return
  const [least, longest] = [workload, most].map((each) => formatDuration(each.left()))
  progress.print(
    `estimated time: ${least}${longest === least ? '' : ` to ${longest}`}, from timed warm-up steps`,
  )
}

/** Seed by seed, so that a run that is stopped has measured something, and the longest first, so that all end together. */
const inOrder = (runs: RunWork[], workload: Workload): RunWork[] =>
  [...runs].sort((a, b) => a.seed - b.seed || workload.of(b) - workload.of(a))

function describe(options: BenchOptions, engine: ResolvedEngine, progress: Progress): RunDescription {
  const { presetName, line } = choosePreset(engine.name, options.preset)
  if (line) progress.print(line)
  const systems = withWeights(options.systems)
  const deep = deepEnough(presetName, presets[presetName], systems)
  if (deep.line) progress.print(deep.line)
  return {
    schemaVersion: 1,
    presetName: deep.presetName,
    preset: deep.preset,
    systems,
    seeds: options.seeds ?? 1,
    tasks: [],
    ...(options.data !== undefined && { data: options.data }),
  }
}

function fromStored(stored: RunDescription, options: BenchOptions): RunDescription {
  const systems = options.systems === undefined ? stored.systems : withWeights(options.systems)
  const missing = systems.filter((name) => !stored.systems.includes(name))
  if (missing.length > 0)
    throw new UserError(
      `'${options.model}' holds no run of ${missing.join(', ')}; it holds ${stored.systems.join(', ')}`,
    )
  if (options.seeds !== undefined && options.seeds > stored.seeds)
    throw new UserError(`--seeds is ${options.seeds}; '${options.model}' holds ${stored.seeds}`)
  return { ...stored, systems, seeds: options.seeds ?? stored.seeds }
}
