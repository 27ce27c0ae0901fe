import { NonFiniteLoss, standardOptimizer, startRun, train, type RunState } from '@ttt-e2e/meta-outer'
import { fold, liveBytes, liveTensors } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'
import type { Memory } from '../results'
import type { CurvePoint, RunStore } from '../run-store'
import type { Task } from '../tasks'
import type { TrainingPlan } from './training-plan'

const saveEveryMilliseconds = 20_000

export interface TrainedRun {
  state: RunState
  curve: CurvePoint[]
  memory?: { first: Memory; last: Memory }
  /** Why it could not go on. */
  failure?: string
}

export interface TrainSystemOptions {
  system: System
  task: Task
  seed: number
  plan: TrainingPlan
  store: RunStore
  signal: AbortSignal
  onStep(point: CurvePoint, curve: CurvePoint[]): void
}

/** The stream's and the parameters' seeds of a run; the stream's is the same for every system. */
export const seedsOf = (seed: number) => ({ data: fold(seed, 1), parameters: fold(seed, 2) })

/**
 * Trains a system by its plan, from where its stored run stands; saves every 20 seconds and at the end. An abort ends
 * it after the last whole step, saved. The caller disposes the state.
 */
export async function trainSystem(options: TrainSystemOptions): Promise<TrainedRun> {
  const { system, task, seed, plan, store, signal, onStep } = options
  const seeds = seedsOf(seed)
  const { state, curve } = store.load(system) ?? { state: startRun(system, seeds.parameters), curve: [] }
  const run: TrainedRun = { state, curve }
  const memories: Memory[] = []
  let savedAt = performance.now()
  let savedStep = state.step
  const save = async () => {
    if (state.step === savedStep) return
    await store.save(state, curve)
    savedAt = performance.now()
    savedStep = state.step
  }
  const lossesOf = () => curve.map(({ loss }) => loss)
  try {
    for (
      let schedule = plan.next(lossesOf());
      schedule && !signal.aborted;
      schedule = plan.next(lossesOf())
    ) {
      const data = task.stream({ seed: seeds.data, cursor: state.cursor, signal })
      let startedAt = performance.now()
      for await (const report of train({
        system,
        state,
        data,
        optimizer: standardOptimizer(schedule),
        signal,
      })) {
        const { step, loss, gradientNorm, learningRate, innerRate } = report
        const seconds = (performance.now() - startedAt) / 1000
        curve.push({ step, loss, gradientNorm, learningRate, innerRate, seconds })
        onStep(curve[curve.length - 1], curve)
        memories.push({ tensors: liveTensors(), bytes: liveBytes() })
        if (performance.now() - savedAt > saveEveryMilliseconds) await save()
        startedAt = performance.now()
      }
    }
  } catch (error) {
    if (!(error instanceof NonFiniteLoss)) throw error
    run.failure = error.message
  } finally {
    await save()
  }
  if (memories.length > 2) run.memory = { first: memories[1], last: memories[memories.length - 1] }
  return run
}
