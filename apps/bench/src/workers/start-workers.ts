import { measureHere } from '../compare/measure-run'
import type { MeasureRun } from '../compare/run-work'
import type { Task } from '../tasks'
import type { WorkerSetup } from './messages'
import { WorkerProcess } from './worker-process'

/** What measures runs side by side: this process, and others like it where there are more workers. */
export function startWorkers(
  count: number,
  tasks: readonly Task[],
  setup: WorkerSetup,
): { measure: MeasureRun[]; close(): void } {
  const processes = Array.from({ length: count - 1 }, () => new WorkerProcess(setup))
  return {
    measure: [measureHere(tasks, setup.comparison), ...processes.map(({ measure }) => measure)],
    close: () => processes.forEach((each) => each.close()),
  }
}
