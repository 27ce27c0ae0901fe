import { profileKernels } from '@ttt-e2e/tensor-ops'

/** Seconds that a contender runs untimed at the least: the first runs of a process pay for compiling. */
const leastSeconds = 1

/**
 * Runs it untimed: once with its kernels counted, one by one, and at least once as it will be timed, so that programs are
 * recorded.
 *
 * @returns the kernel calls of one run
 */
export async function warmUp({ run }: { run(): unknown }): Promise<number> {
  const start = performance.now()
  const { profile } = await profileKernels(run)
  do await run()
  while (performance.now() - start < 1000 * leastSeconds)
  return profile.calls
}
