import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { profileKernels, type KernelProfile, type ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import type { KernelShare } from '../results'
import type { Task } from '../tasks'
import { pieceOf } from './piece-of'

/** What a system's work takes on this machine, from a few steps that are thrown away. */
export interface WarmUp {
  stepSeconds: number
  /** Seconds to read one token of evaluation, documents side by side. */
  readSeconds: number
  kernels: KernelShare
}

/** The second run of a program is recorded, the third is the first to be replayed, in fresh memory. */
const steps = 4
/** No other step is begun after these, where an engine is slow. */
const mostSeconds = 3

/** Takes a few training steps and reads a few pieces; in the last step the kernels are counted. */
export async function warmUp(system: System, task: Task, engine: ResolvedEngine): Promise<WarmUp> {
  const state = startRun(system, 0)
  const optimizer = standardOptimizer(standardSchedule(100, task.training.peakLearningRate))
  try {
    const batches = task.stream({ seed: 0 })[Symbol.asyncIterator]()
    const batch = (await batches.next()).value
    const step = () => trainStep(system, state, batch, optimizer)
    const startedAt = performance.now()
    let stepSeconds = (await timed(step)).seconds
    for (let i = 1; i < steps && performance.now() - startedAt < 1000 * mostSeconds; i++)
      stepSeconds = (await timed(step)).seconds
    const profiled = await timed(() => profileKernels(step))
    const rows = Math.min(8, task.evaluation.documents.length)
    return {
      stepSeconds,
      readSeconds: await timeReading(system, state.params, rows, pieceOf(task.size.window)),
      kernels: shareOf(profiled.result.profile, profiled.seconds, engine),
    }
  } finally {
    disposeRun(state)
  }
}

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const start = performance.now()
  const result = await run()
  return { result, seconds: (performance.now() - start) / 1000 }
}

async function timeReading(
  system: System,
  params: ConstructorParameters<typeof Reader>[1],
  batch: number,
  length: number,
) {
  const reader = new Reader(system, params, { batch })
  const tokens = new Int32Array(batch * length)
  try {
    await reader.read(tokens)
    const start = performance.now()
    await reader.read(tokens)
    return (performance.now() - start) / 1000 / tokens.length
  } finally {
    reader.dispose()
  }
}

function shareOf(profile: KernelProfile, stepSeconds: number, engine: ResolvedEngine): KernelShare {
  const own = profile.byKernel.filter(({ name }) => engine.hasOwnKernel(name))
  const ownMilliseconds = own.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return {
    calls: profile.calls,
    kernelSeconds: profile.milliseconds / 1000,
    stepSeconds,
    ownShare: ownMilliseconds / profile.milliseconds,
    slowest: profile.byKernel.slice(0, 12).map(({ name, calls, milliseconds }) => ({
      name,
      calls,
      seconds: milliseconds / 1000,
      own: engine.hasOwnKernel(name),
    })),
  }
}
