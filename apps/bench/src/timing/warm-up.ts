import { profileKernels } from '@ttt-e2e/tensor-ops'

/** Seconds that a contender runs untimed at the least: the first runs of a process pay for compiling. */
const leastSeconds = 1
/** The second run of a program is recorded, and the third is the first to be replayed, in fresh memory. */
const leastRuns = 3

/**
 * Runs it untimed: once with its kernels counted, one by one, then as it will be timed until its programs are replayed.
 *
 * @returns the kernel calls of one run
 */
export async function warmUp({ run }: { run(): unknown }): Promise<number> {
  const start = performance.now()
  const { profile } = await profileKernels(run)
  for (let runs = 0; runs < leastRuns || performance.now() - start < 1000 * leastSeconds; runs++) await run()
  return profile.calls
}
