import type { Probe } from '../../probes/probe'
import type { Benchmark } from '../../tasks/benchmark'
import { measureHere } from '../measure-run'
import type { MeasureRun } from '../run-work'
import type { WorkerSetup } from './messages'
import { forkWorker, WorkerProcess } from './worker-process'

/** What measures runs side by side: this process, and others like it where there are more workers. */
export function startWorkers(
  count: number,
  benchmarks: readonly Benchmark[],
  probes: readonly Probe[],
  setup: WorkerSetup,
  start = forkWorker,
): { measure: MeasureRun[]; close(): void } {
  const processes = Array.from({ length: count - 1 }, () => new WorkerProcess(setup, start()))
  return {
    measure: [measureHere(benchmarks, setup.comparison, probes), ...processes.map(({ measure }) => measure)],
    close: () => processes.forEach((each) => each.close()),
  }
}
