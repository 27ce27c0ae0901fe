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
import { compareTask } from './compare/compare-task'
import type { Comparison } from './compare/comparison'
import { startResults } from './compare/start-results'
import { openStores } from './compare/stores'
import { convergenceRule } from './compare/convergence'
import { estimate } from './compare/estimate'
import { measureReading } from './compare/reading-speed'
import { summarise } from './compare/summarise'
import { Workload } from './compare/workload'
import { deepEnough } from './deep-enough'
import { withWeights, type BenchOptions } from './options'
import { presets, type PresetName } from './presets'
import { provenance } from './provenance'
import { parametersTable } from './report/tables/parameters'
import { formatTable } from './report/text'
import { writeReport } from './report/write-report'
import type { Results } from './results'
import { defaultOutput, readDescription, writeDescription, type RunDescription } from './run-description'
import type { Task } from './tasks'
import { chooseTasks } from './tasks/choose-tasks'
import { storedTasks } from './tasks/stored-tasks'

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
  const { threads, precision } = options
  const engine = await resolveEngine(options.engine, { threads, precision })
  progress.print(engine.line)

  const description = stored ? fromStored(stored, options) : describe(options, engine, progress)
  const { preset, presetName, systems, seeds } = description
  const tasks = stored ? storedTasks(stored, options) : chooseTasks(preset, options)
  const out = options.out ?? defaultOutput(caller, presetName, options.data, options.model)
  openOutputFolder(out)
  progress.print(`preset: ${presetName} (${preset.summary}) · output: ${out}`)

  const origin = provenance()
  const { name, description: engineDescription, line } = engine
  const results: Results = {
    schemaVersion: 1,
    startedAt: new Date().toISOString(),
    finishedAt: '',
    interrupted: false,
    options: { presetName, preset, systems, seeds, data: options.data, trained: !stored },
    engine: { name, description: engineDescription, precision: engine.precision, line },
    ...origin,
    convergenceRule,
    tasks: tasks.map((task) => startResults(task, systems)),
  }
  for (const task of results.tasks) progress.print(`\n${formatTable(parametersTable(task))}`)

  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping after this step and saving; Ctrl-C again quits at once'),
  )
  const comparison: Comparison = {
    systems,
    seeds,
    store: options.model ?? out,
    train: !stored,
    precision: engine.precision,
    provenance: { engine: results.engine, ...origin },
    signal,
    progress,
    workload: new Workload(),
  }
  if (!stored) {
    for (const task of tasks) openStores(task, comparison)
    writeDescription(out, { ...description, tasks: tasks.map(({ name }) => name) })
  }
  const startedAt = performance.now()
  try {
    await measureAll(tasks, results, comparison, engine, out)
  } catch (error) {
    if (error !== signal.reason) throw error
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
  progress.print('stopped before the end; the same command goes on from here')
  return interruptedExitCode
}

async function measureAll(
  tasks: Task[],
  results: Results,
  comparison: Comparison,
  engine: ResolvedEngine,
  out: string,
) {
  const { progress, signal, workload, train } = comparison
  if (train) {
    let beyond = 0
    for (const [i, task] of tasks.entries())
      beyond += await estimate(task, results.tasks[i], comparison, engine)
    const least = formatDuration(workload.left())
    const most = beyond > 0 ? ` to ${formatDuration(workload.left() + beyond)}` : ''
    progress.print(`estimated time: ${least}${most}, from timed warm-up steps`)
  }
  for (const [i, task] of tasks.entries()) {
    const taskResults = results.tasks[i]
    const timed = taskResults.systems.filter(({ weightsOf }) => weightsOf === undefined)
    const speeds = await measureReading(
      timed.map(({ name }) => createSystem(name, task.size)),
      task.reading,
      signal,
      ({ name }) => progress.update(`${task.name} · ${name} · times its reading`),
    )
    timed.forEach((system, place) => {
      system.readingSpeed = speeds[place]
      workload.done(`read ${task.name} ${system.name}`)
    })
    try {
      await compareTask(task, taskResults, comparison)
    } finally {
      summarise(taskResults)
    }
    // A run that is killed later still leaves a report of the tasks before.
    if (i < tasks.length - 1) writeReport(out, results)
  }
}

function describe(options: BenchOptions, engine: ResolvedEngine, progress: Progress): RunDescription {
  const presetName = presetFor(engine, options.preset)
  if (presetName !== (options.preset ?? 'default'))
    progress.print(
      `without the native engine the preset is '${presetName}'${presetName === 'tiny' ? ", 'quick' cut down for plain JavaScript," : ''} to end within minutes (--preset default insists)`,
    )
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

/** What was asked for is kept; what should end soon is made small where the engine is slow. */
function presetFor(engine: ResolvedEngine, asked: PresetName | undefined): PresetName {
  if (engine.name === 'cpu' && (asked === undefined || asked === 'quick')) return 'tiny'
  return asked ?? (engine.name === 'native' ? 'default' : 'quick')
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
