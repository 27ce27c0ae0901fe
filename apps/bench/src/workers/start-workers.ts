import { measureHere } from '../compare/measure-run'
import type { MeasureRun } from '../compare/run-work'
import type { Task } from '../tasks'
import type { WorkerSetup } from './messages'
import { WorkerProcess } from './worker-process'

/** What measures runs side by side: processes, or where one is enough, this process. */
export function startWorkers(
  count: number,
  tasks: readonly Task[],
  setup: WorkerSetup,
): { measure: MeasureRun[]; close(): void } {
  if (count === 1) return { measure: [measureHere(tasks, setup.comparison)], close: () => {} }
  const processes = Array.from({ length: count }, () => new WorkerProcess(setup))
  return {
    measure: processes.map(({ measure }) => measure),
    close: () => processes.forEach((each) => each.close()),
  }
}
