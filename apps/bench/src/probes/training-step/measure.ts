import { profileKernels, readBacks } from '@ttt-e2e/tensor-ops'
import type { StepContext } from '../probe'

export interface StepMeasured {
  /** Of each step as it runs, its programs replayed. */
  stepSeconds: number[]
  profile: {
    /** Of another step, run kernel by kernel so that each can be timed. */
    seconds: number
    /** Of all its kernel calls. */
    kernelSeconds: number
    /** How many times it waited for values of tensors. */
    readBacks: number
    /** Slowest first. */
    kernels: { name: string; calls: number; seconds: number; own: boolean }[]
  }
}

const steps = 3
/** No other step is begun after these, where an engine is slow. */
const mostSeconds = 1

/** Times a few steps as they run, then counts and times the kernels of one that is run for that alone. */
export async function measureStep({ step, engine }: StepContext): Promise<StepMeasured> {
  const stepSeconds: number[] = []
  const startedAt = performance.now()
  do stepSeconds.push((await timed(step)).seconds)
  while (stepSeconds.length < steps && performance.now() - startedAt < 1000 * mostSeconds)
  const readBefore = readBacks()
  const { result, seconds } = await timed(() => profileKernels(step))
  const read = readBacks() - readBefore
  const { milliseconds, byKernel } = result.profile
  return {
    stepSeconds,
    profile: {
      seconds,
      kernelSeconds: milliseconds / 1000,
      readBacks: read,
      kernels: byKernel.map((kernel) => ({
        name: kernel.name,
        calls: kernel.calls,
        seconds: kernel.milliseconds / 1000,
        own: engine.hasOwnKernel(kernel.name),
      })),
    },
  }
}

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const start = performance.now()
  const result = await run()
  return { result, seconds: (performance.now() - start) / 1000 }
}
