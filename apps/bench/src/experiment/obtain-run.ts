import { formatDuration, UserError } from '@ttt-e2e/cli'
import { liveBytes, liveTensors } from '@ttt-e2e/tensor-ops'
import { beginRun, trainRun, type Run, type StepLine } from '@ttt-e2e/training'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import type { LiveMemory, TrainedRun } from '../probes/probe'
import { recipeOf, type Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import { nameOf, type RunListener, type RunWork } from './run-work'
import { storeOf } from './stores'
import type { TrainingPlan } from './training-plan'

export interface ObtainOptions {
  benchmark: Benchmark
  work: RunWork
  plan: TrainingPlan
  comparison: Pick<Comparison, 'store' | 'train' | 'precision' | 'provenance'>
  listener: RunListener
  signal: AbortSignal
  /** Folder of a run whose weights it begins with; drawn ones where left out. */
  from?: string
}

/** Nothing is to be trained, and nothing that fits is stored. */
export class NothingStored extends UserError {}

/** A run and what training made of it. The caller disposes its state. */
export interface ObtainedRun {
  run: Run
  trained: TrainedRun
}

/**
 * Trains a run from where it stands, or takes it as it is stored where nothing is to be trained. An abort ends it after
 * the last whole step, saved.
 *
 * @throws NothingStored if nothing is to be trained and nothing that fits is stored
 */
export async function obtainRun(options: ObtainOptions): Promise<ObtainedRun> {
  const { benchmark, work, comparison } = options
  const store = storeOf(comparison.store, work)
  const stored = await store.load()
  if (!comparison.train) {
    if (!stored)
      throw new NothingStored(
        `'${store.directory}' holds no trained run; --model reads with what an earlier run stored`,
      )
    return { run: stored.run, trained: { steps: stored.steps, tokens: stored.run.state.tokens } }
  }
  const recipe = recipeOf(benchmark, work)
  const run =
    stored?.run ??
    (await beginRun({ folder: store.directory, recipe, precision: comparison.precision, from: options.from }))
  return { run, trained: await train(run, stored?.steps ?? [], options) }
}

async function train(run: Run, stored: readonly StepLine[], options: ObtainOptions): Promise<TrainedRun> {
  const { benchmark, work, plan, comparison, listener, signal } = options
  const { engine, gitHash } = comparison.provenance
  const { batch, length } = benchmark.recipe.training
  const now: StepLine[] = []
  let secondsOfLater = 0
  const memories: LiveMemory[] = []
  let failure: string | undefined
  for await (const event of trainRun({
    run,
    task: benchmark.task,
    engine,
    gitHash,
    signal,
    evaluates: false,
    goOn: () => 'give the same command again',
    scheduleAfter: (steps) => plan.next(steps.map(({ loss }) => loss)),
  })) {
    if (event.kind === 'failed') failure = event.reason
    if (event.kind !== 'step') continue
    now.push(event.line)
    // The first step of a process pays for compiling: it says nothing of those that are left.
    if (now.length > 1) secondsOfLater += event.line.seconds
    const perStep = now.length === 1 ? event.line.seconds : secondsOfLater / (now.length - 1)
    tellStep(event.line, perStep, batch * length, options)
    memories.push({ tensors: liveTensors(), bytes: liveBytes() })
  }
  const steps = [...stored, ...now]
  const seconds = now.reduce((sum, line) => sum + line.seconds, 0)
  const how =
    now.length === 0
      ? 'stored'
      : `trained in ${formatDuration(seconds)}, ${Math.round((batch * length * now.length) / seconds)} tokens/s`
  const recent = steps.slice(-10)
  const last = recent.reduce((sum, { loss }) => sum + loss, 0) / recent.length
  if (!signal.aborted)
    listener.print(
      `${nameOf(work)}: ${counted(steps.length, 'step')} ${how}, loss of the last ten ${last.toFixed(3)}`,
    )
  return {
    steps,
    tokens: run.state.tokens,
    ...(memories.length > 2 && { memory: { first: memories[1], last: memories[memories.length - 1] } }),
    failure,
  }
}

function tellStep(
  { step, loss }: StepLine,
  seconds: number,
  tokens: number,
  { work, plan, listener }: ObtainOptions,
): void {
  listener.update(
    `${nameOf(work)} · step ${step}/${plan.steps} · loss ${loss.toFixed(3)} · ` +
      `${Math.round(tokens / seconds)} tokens/s · ${formatDuration((plan.steps - step) * seconds)} left`,
    'train',
    Math.max(0, plan.fewestSteps - step) * seconds,
  )
}
