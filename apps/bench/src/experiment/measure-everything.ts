import { formatDuration } from '@ttt-e2e/cli'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { Probe } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
import type { Session } from './session'
import { measureAlone } from './measure-alone'
import { measureRuns } from './measure-runs'
import { placeMeasurements } from './place-measurements'
import type { Results } from './results'
import { workOf, type MeasuredRun, type RunWork } from './run-work'
import type { WorkerSetup } from './workers/messages'
import { startWorkers } from './workers/start-workers'
import { Workload } from './workload'

/** What is measured, and what with. */
export interface Experiment {
  benchmarks: readonly Benchmark[]
  engine: ResolvedEngine
  setup: WorkerSetup
}

/**
 * First what is measured while nothing else runs, then run after run, side by side.
 *
 * @param onRun called after each run: one that is killed later still leaves a report of those before
 * @throws the signal's reason, WorkerDied
 */
export async function measureEverything(
  { benchmarks, engine, setup }: Experiment,
  probes: readonly Probe[],
  results: Results,
  session: Session,
  onRun: () => void,
): Promise<void> {
  const { comparison } = setup
  const work = benchmarks.map(({ name }) => workOf(name, probes, comparison))
  const runs = work.flatMap((each) => each.runs)
  const { progress, workload } = session
  const { workers: count } = results.options.shares
  const most = new Workload(count)
  for (const [i, benchmark] of benchmarks.entries())
    await measureAlone(benchmark, results.tasks[i], comparison, probes, engine, session, most)
  if (comparison.train && runs.length > 0) {
    const [least, longest] = [workload, most].map((each) => formatDuration(each.left()))
    progress.print(
      `estimated time: ${least}${longest === least ? '' : ` to ${longest}`}, from timed warm-up steps`,
    )
  }
  const workers = startWorkers(count, benchmarks, probes, setup)
  try {
    await measureRuns(
      [...inOrder(runs, workload), ...work.flatMap(({ models }) => models)],
      workers.measure,
      session,
      (work, measured) => {
        placeRun(results, probes, work, measured)
        onRun()
      },
    )
  } finally {
    workers.close()
  }
}

/** Seed by seed, so that a run that is stopped has measured something, and the longest first, so that all end together. */
const inOrder = (runs: RunWork[], workload: Workload): RunWork[] =>
  [...runs].sort((a, b) => a.seed - b.seed || workload.of(b) - workload.of(a))

/** Puts what was measured of a run into the results of its task. */
export function placeRun(
  { tasks }: Pick<Results, 'tasks'>,
  probes: readonly Probe[],
  { task }: RunWork,
  measured: MeasuredRun,
): void {
  const results = tasks.find(({ name }) => name === task)!
  for (const probe of probes) {
    const own = measured.filter((each) => each.probe === probe.name)
    if (own.length > 0)
      placeMeasurements(
        results,
        probe,
        own.map(({ system, seed, value }) => ({ system, seed, value })),
      )
  }
}
