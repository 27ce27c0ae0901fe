import { availableParallelism } from 'node:os'

/** How many runs are measured side by side, and the threads of each one's engine. */
export interface Shares {
  workers: number
  threads: number
}

/**
 * Shares the threads out: a worker for each, as far as there are runs; where there are more threads than workers, each
 * worker has several.
 *
 * @param threads all cores where left out
 * @param workers as asked for
 */
export function shareOut(
  runs: number,
  { threads = availableParallelism(), workers = threads }: Partial<Shares>,
): Shares {
  const sideBySide = Math.min(workers, runs)
  return { workers: sideBySide, threads: Math.max(1, Math.floor(threads / sideBySide)) }
}

/** `2 runs side by side, each in a process of its own with 1 thread` */
export function describeShares({ workers, threads }: Shares): string {
  const count = threads === 1 ? '1 thread' : `${threads} threads`
  return workers === 1
    ? `one run at a time, with ${count}`
    : `${workers} runs side by side, each in a process of its own with ${count}`
}
