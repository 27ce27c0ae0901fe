import { formatDuration } from '@ttt-e2e/cli'
import { gatherUneven, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
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
 * First what is measured while nothing else runs, then run after run, side by side. Where there are several ranks each
 * measures a share of the runs, and the first one then has them all: what the others measured is kept in the folder.
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
  const { progress, workload, communicator } = session
  const { rank, size } = communicator
  const { workers: count } = results.options.shares
  const most = new Workload(count * size)
  if (rank === 0) {
    for (const [i, benchmark] of benchmarks.entries())
      await measureAlone(benchmark, results.tasks[i], comparison, probes, engine, session, most)
    if (comparison.train && runs.length > 0) {
      const [least, longest] = [workload, most].map((each) => formatDuration(each.left()))
      progress.print(
        `estimated time: ${least}${longest === least ? '' : ` to ${longest}`}, from timed warm-up steps`,
      )
    }
  }
  // What the first one has estimated: all ranks share out the same list.
  const [seconds] = await gatherUneven(communicator, rank === 0 ? runs.map((run) => workload.of(run)) : [])
  const all = [...inOrder(runs, seconds), ...work.flatMap(({ models }) => models)]
  const workers = startWorkers(count, benchmarks, probes, setup)
  const measure = (share: readonly RunWork[]) =>
    measureRuns(share, workers.measure, session, (work, measured) => {
      placeRun(results, probes, work, measured)
      onRun()
    })
  try {
    await measureShares(all, measure, session)
  } finally {
    workers.close()
  }
}

/** @throws the signal's reason where it came to this rank, and what `measure` throws */
async function measureShares(
  all: readonly RunWork[],
  measure: (share: readonly RunWork[]) => Promise<void>,
  { signal, communicator }: Session,
): Promise<void> {
  const { rank, size } = communicator
  const isOwn = (_: RunWork, i: number) => i % size === rank
  try {
    await measure(all.filter(isOwn))
  } catch (error) {
    if (error !== signal.reason) throw error
  }
  await communicator.barrier()
  signal.throwIfAborted()
  if (rank === 0) await measure(all.filter((work, i) => !isOwn(work, i)))
}

/** Seed by seed, so that a run that is stopped has measured something, and the longest first, so that all end together. */
const inOrder = (runs: readonly RunWork[], seconds: ArrayLike<number>): RunWork[] =>
  runs
    .map((run, i) => ({ run, seconds: seconds[i] }))
    .sort((a, b) => a.run.seed - b.run.seed || b.seconds - a.seconds)
    .map(({ run }) => run)

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
