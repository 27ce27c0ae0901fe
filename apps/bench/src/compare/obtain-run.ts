import { formatDuration, UserError } from '@ttt-e2e/cli'
import { createSystem } from '@ttt-e2e/baselines'
import type { RunResults } from '../results'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'
import { judgeConvergence } from './convergence'
import { nameOf, type RunListener, type RunWork } from './run-work'
import { storeOf } from './stores'
import { trainSystem, type TrainedRun } from './train-system'
import { planTraining } from './training-plan'

/**
 * Trains a run from where it stands, or takes it as it is stored where nothing is to be trained. The caller disposes
 * its state.
 *
 * @throws UserError if nothing that fits is stored
 */
export async function obtainRun(
  task: Task,
  work: RunWork,
  { store: root, train }: Pick<Comparison, 'store' | 'train'>,
  listener: RunListener,
  signal: AbortSignal,
): Promise<TrainedRun> {
  const system = createSystem(work.system, task.size)
  const store = storeOf(root, work)
  if (!train) {
    const stored = store.load(system)
    if (!stored)
      throw new UserError(
        `'${store.directory}' holds no trained run; --model reads with what an earlier run stored`,
      )
    return stored
  }
  const plan = planTraining(task.training, task.knownLosses?.(work.system))
  const tokensPerStep = task.training.batch * task.training.length
  let stepsNow = 0
  let secondsNow = 0
  // The first step of a process pays for compiling: it says nothing of those that are left.
  let firstSeconds = 0
  const run = await trainSystem({
    system,
    task,
    seed: work.seed,
    plan,
    store,
    signal,
    onStep({ step, loss, seconds }) {
      stepsNow++
      secondsNow += seconds
      if (stepsNow === 1) firstSeconds = seconds
      const perStep = stepsNow === 1 ? seconds : (secondsNow - firstSeconds) / (stepsNow - 1)
      listener.update(
        `${nameOf(work)} · step ${step + 1}/${plan.steps} · loss ${loss.toFixed(3)} · ` +
          `${Math.round(tokensPerStep / perStep)} tokens/s · ${formatDuration((plan.steps - step - 1) * perStep)} left`,
        'train',
        Math.max(0, plan.fewestSteps - step - 1) * perStep,
      )
    },
  })
  const recent = run.curve.slice(-10)
  const last = recent.reduce((sum, { loss }) => sum + loss, 0) / recent.length
  const how =
    stepsNow === 0
      ? 'stored'
      : `trained in ${formatDuration(secondsNow)}, ${Math.round((tokensPerStep * stepsNow) / secondsNow)} tokens/s`
  if (!signal.aborted)
    listener.print(
      `${nameOf(work)}: ${run.curve.length} steps ${how}, loss of the last ten ${last.toFixed(3)}`,
    )
  return run
}

/** What a report says of a run. */
export function describeRun(task: Task, { system, seed }: RunWork, run: TrainedRun): RunResults {
  const known = task.knownLosses?.(system)
  const plan = planTraining(task.training, known)
  const curve = run.curve.map(({ loss }) => loss)
  return {
    seed,
    steps: curve.length,
    plannedSteps: plan.next(curve)?.steps ?? curve.length,
    tokens: run.state.tokens,
    seconds: run.curve.reduce((sum, { seconds }) => sum + seconds, 0),
    curve,
    ...judgeConvergence(plan.judged(curve), known),
    memory: run.memory,
    failure: run.failure,
  }
}
