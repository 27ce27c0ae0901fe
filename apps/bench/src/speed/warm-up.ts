import { profileKernels } from '@ttt-e2e/tensor-ops'

/** Seconds that a contender runs untimed, once at the least: the first runs of a process pay for compiling. */
const leastSeconds = 1

/** Runs it untimed. @returns the kernel calls of one run */
export async function warmUp({ run }: { run(): unknown }): Promise<number> {
  const start = performance.now()
  const { profile } = await profileKernels(run)
  while (performance.now() - start < 1000 * leastSeconds) await run()
  return profile.calls
}
