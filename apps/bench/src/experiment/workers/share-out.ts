import { coreCount } from '@ttt-e2e/tensor-ops'

/** How many runs are measured side by side, and the threads of each one's engine. */
export interface Shares {
  workers: number
  threads: number
  /** Processes that MPI has started, where there are several; each has its own workers. */
  ranks?: number
}

/** What a worker of the largest preset may occupy while it reads. */
const bytesOfWorker = 2.5 * 2 ** 30

/**
 * Shares the threads out: where nothing was said, a worker for each thread, as far as there are runs and memory goes;
 * where there are more threads than workers, each worker has several. Ranks share out the runs first.
 *
 * @param asked the command line's numbers; all cores where it has no threads
 * @param freeBytes memory that can still be occupied
 */
export function shareOut(
  runs: number,
  { threads = coreCount(), workers, ranks = 1 }: Partial<Shares>,
  freeBytes = process.availableMemory(),
): Shares {
  const fitting = Math.max(1, Math.floor(freeBytes / bytesOfWorker))
  const sideBySide = Math.min(workers ?? Math.min(threads, fitting), Math.max(1, Math.ceil(runs / ranks)))
  return {
    workers: sideBySide,
    threads: Math.max(1, Math.floor(threads / sideBySide)),
    ...(ranks > 1 && { ranks }),
  }
}

/** `2 runs side by side, each in a process of its own` */
export function describeShares({ workers, ranks = 1 }: Shares): string {
  const each =
    workers === 1 ? 'one run at a time' : `${workers} runs side by side, each in a process of its own`
  return ranks === 1 ? each : `${ranks} ranks share out the runs: ${each} at each`
}
