import {
  abortOnSignals,
  formatDuration,
  interruptedExitCode,
  openOutputFolder,
  Progress,
  UserError,
} from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { statSync } from 'node:fs'
import { loadProbes } from '../probes/load-probes'
import { provenance } from '../provenance'
import { parametersTable } from '../report/parameters-table'
import { formatTable } from '../report/text'
import { writeReport } from '../report/write-report'
import { benchmarksOf } from '../tasks/benchmarks-of'
import type { Comparison, Session } from './comparison'
import { convergenceRule } from './convergence'
import { defaultOutput, readDescription, writeDescription } from './description'
import { measureEverything } from './measure-everything'
import type { BenchOptions } from './options'
import type { Results } from './results'
import { runsOf } from './run-work'
import { startResults } from './start-results'
import { openStores } from './stores'
import { describeExperiment } from './describe-experiment'
import { describeShares, shareOut } from './workers/share-out'
import { WorkerDied } from './workers/worker-process'
import { Workload } from './workload'

/**
 * Trains, measures and reports as asked; stops cleanly on a signal and keeps what was measured.
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
  const probes = await loadProbes(options.probes)
  const { precision } = options
  const probed = await resolveEngine(options.engine, { precision })

  const description = describeExperiment(stored, options, probed.name, (line) => progress.print(line))
  const { preset, presetName, systems, seeds } = description
  const benchmarks = benchmarksOf(description, options)
  const runs = benchmarks.flatMap(({ name }) => runsOf(name, description))
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
    schemaVersion: 2,
    startedAt: new Date().toISOString(),
    finishedAt: '',
    interrupted: false,
    options: { presetName, preset, systems, seeds, data: options.data, trained: !stored, shares },
    engine: { name, description: engineDescription, precision: engine.precision, line },
    ...origin,
    convergenceRule,
    tasks: benchmarks.map((benchmark) => startResults(benchmark, systems)),
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
    const tasks = benchmarks.map((benchmark) => benchmark.name)
    writeDescription(out, { ...description, tasks })
    for (const benchmark of benchmarks) openStores(benchmark, comparison)
  }
  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping after this step and saving; Ctrl-C again quits at once'),
  )
  const session: Session = { signal, progress, workload: new Workload(shares.workers) }
  const setup = {
    engine: engine.name,
    engineOptions: { threads: shares.threads, precision },
    description,
    taskOptions: { data: options.data, model: options.model, task: options.task },
    comparison,
    probes: options.probes,
  }
  const startedAt = performance.now()
  let died: WorkerDied | undefined
  try {
    await measureEverything(benchmarks, probes, engine, setup, results, session, () =>
      writeReport(out, results, probes),
    )
  } catch (error) {
    if (error instanceof WorkerDied) died = error
    else if (error !== signal.reason) throw error
    results.interrupted = true
  } finally {
    progress.clear()
    restore()
  }
  const paths = writeReport(out, results, probes)
  progress.print(paths.text)
  progress.print(`\ntook ${formatDuration((performance.now() - startedAt) / 1000)}`)
  progress.print(`results: ${paths.results}\nreport:  ${paths.report}`)
  if (!results.interrupted) return 0
  if (died) process.stderr.write(`${died.message}\n`)
  progress.print('stopped before the end; the same command goes on from here')
  return died ? 1 : interruptedExitCode
}
