import { disposeRun, startRun, trainStep, type RunState } from '@ttt-e2e/meta-outer'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../piece-of'
import type { Benchmark } from '../tasks/benchmark'

/** A system after a few training steps that are thrown away. */
export interface FirstSteps {
  /** Takes another one. */
  step(): Promise<unknown>
  stepSeconds: number
  /** Seconds to read one token, documents side by side. */
  readSeconds: number
  dispose(): void
}

/** The second run of a program is recorded, the third is the first to be replayed, in fresh memory. */
const steps = 4
/** No other step is begun after these, where an engine is slow. */
const mostSeconds = 3

/** Takes a few training steps and reads a few pieces: what a system's work takes on this machine. */
export async function takeFirstSteps(system: System, { task, recipe }: Benchmark): Promise<FirstSteps> {
  const state = startRun(system, 0)
  try {
    const batches = task.stream({ seed: 0 })[Symbol.asyncIterator]()
    const batch = (await batches.next()).value
    const step = () => trainStep(system, state, batch, recipe.training.optimizer)
    const startedAt = performance.now()
    let stepSeconds = await secondsOf(step)
    for (let i = 1; i < steps && performance.now() - startedAt < 1000 * mostSeconds; i++)
      stepSeconds = await secondsOf(step)
    const rows = Math.min(8, task.heldOut.length)
    return {
      step,
      stepSeconds,
      readSeconds: await timeReading(system, state.params, rows, pieceOf(recipe.size.window)),
      dispose: () => disposeRun(state),
    }
  } catch (error) {
    disposeRun(state)
    throw error
  }
}

async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return (performance.now() - start) / 1000
}

async function timeReading(system: System, params: RunState['params'], batch: number, length: number) {
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
