import { join } from 'node:path'
import { createSystem, definitionOf } from '@ttt-e2e/baselines'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { tf, treeSize, createRandom } from '@ttt-e2e/tensor-ops'
import type { Progress } from '../progress'
import type { RunResults, SystemResults, TaskResults } from '../results'
import { RunStore } from '../run-store'
import type { Task } from '../tasks'
import { UserError } from '../user-error'
import { judgeConvergence } from './convergence'
import { evaluate, pieceOf } from './evaluate'
import { columnMeans, indexRanges, meansByRange } from './index-ranges'
import { trainSystem, type TrainedRun } from './train-system'
import { planTraining } from './training-plan'
import { formatDuration, type Workload } from './workload'

/** What stays the same over all tasks of a run. */
export interface Comparison {
  /** Every system's weights' own system is among them. */
  systems: string[]
  seeds: number
  /** Where trained runs are stored: one folder for each task, in it one for each system. */
  store: string
  /** Whether to train what isn't trained yet, or only to read with what is stored. */
  train: boolean
  provenance: Record<string, unknown>
  signal: AbortSignal
  progress: Progress
  workload: Workload
}

/** The results of a task before anything was measured. */
export function startResults(task: Task, systems: string[]): TaskResults {
  const ranges = indexRanges(task.evaluation.length)
  return {
    name: task.name,
    title: task.title,
    notes: [...task.notes],
    size: task.size,
    training: task.training,
    evaluation: { length: task.evaluation.length, documents: task.evaluation.ids },
    ranges,
    references: task.references.map(({ name, detail, losses }) => ({
      name,
      detail,
      loss: columnMeans(losses.map((nats) => meansByRange(nats, ranges))),
    })),
    systems: systems.map((name) => {
      const { summary, weightsOf } = definitionOf(name)
      return { name, summary, weightsOf, parameters: parametersOf(name, task), runs: [], evaluations: [] }
    }),
    differences: [],
  }
}

function parametersOf(name: string, task: Task): number {
  const count: number[] = []
  tf.tidy(() => void count.push(treeSize(createSystem(name, task.size).decoder.init(createRandom(0)))))
  return count[0]
}

export const storeOf = (root: string, task: Task, system: string, seed: number) =>
  new RunStore(join(root, task.name, system, `seed-${seed}`))

/**
 * Trains each system that has weights of its own and reads the evaluation documents with all that use them; seed by
 * seed, so that a run that is stopped has measured something. Writes into `results` as it goes.
 *
 * @throws the signal's reason
 * @throws UserError if what is stored doesn't fit
 */
export async function compareTask(task: Task, results: TaskResults, comparison: Comparison): Promise<void> {
  const trained = results.systems.filter(({ weightsOf }) => weightsOf === undefined)
  for (let seed = 0; seed < comparison.seeds; seed++)
    for (const owner of trained) {
      const readers = results.systems.filter(({ name, weightsOf }) => name === owner.name || weightsOf === owner.name)
      const run = await obtainRun(task, owner.name, seed, comparison)
      try {
        const summary = summarise(task, owner.name, seed, run)
        for (const reader of readers) reader.runs.push(summary)
        comparison.signal.throwIfAborted()
        if (run.failure === undefined) for (const reader of readers) await measure(task, reader, seed, run, results, comparison)
        else comparison.progress.print(`${task.name} · ${owner.name} · seed ${seed}: ${run.failure}; it isn't evaluated`)
      } finally {
        disposeRun(run.state)
      }
    }
}

async function obtainRun(task: Task, name: string, seed: number, comparison: Comparison): Promise<TrainedRun> {
  const { signal, progress, workload } = comparison
  const system = createSystem(name, task.size)
  const store = storeOf(comparison.store, task, name, seed)
  if (!comparison.train) {
    const stored = store.load(system)
    if (!stored) throw new UserError(`'${store.directory}' holds no trained run; --model reads with what an earlier run stored`)
    return stored
  }
  store.open(recipeOf(task, name, seed), comparison.provenance)
  const plan = planTraining(task.training, name, task.knownLosses?.(name))
  const key = `train ${task.name} ${name} ${seed}`
  const tokensPerStep = task.training.batch * task.training.length
  let stepsNow = 0
  let secondsNow = 0
  const run = await trainSystem({
    system,
    task,
    seed,
    plan,
    store,
    signal,
    onStep({ step, loss, seconds }) {
      stepsNow++
      secondsNow += seconds
      const perStep = secondsNow / stepsNow
      workload.set(key, Math.max(0, plan.fewestSteps - step - 1) * perStep)
      progress.update(
        `${task.name} · ${name} · seed ${seed} · step ${step + 1}/${plan.steps} · loss ${loss.toFixed(3)} · ` +
          `${Math.round(tokensPerStep / perStep)} tokens/s · ${formatDuration((plan.steps - step - 1) * perStep)} left, ` +
          `${formatDuration(workload.left())} in all`,
      )
    },
  })
  workload.done(key)
  const recent = run.curve.slice(-10)
  const last = recent.reduce((sum, { loss }) => sum + loss, 0) / recent.length
  const how = stepsNow === 0 ? 'stored' : `trained in ${formatDuration(secondsNow)}, ${Math.round((tokensPerStep * stepsNow) / secondsNow)} tokens/s`
  if (!signal.aborted)
    progress.print(`${task.name} · ${name} · seed ${seed}: ${run.curve.length} steps ${how}, loss of the last ten ${last.toFixed(3)}`)
  return run
}

const recipeOf = (task: Task, system: string, seed: number) => ({
  schemaVersion: 1,
  task: task.name,
  data: task.data,
  system,
  size: task.size,
  training: task.training,
  seed,
})

function summarise(task: Task, name: string, seed: number, run: TrainedRun): RunResults {
  const known = task.knownLosses?.(name)
  const plan = planTraining(task.training, name, known)
  const curve = run.curve.map(({ loss }) => loss)
  const finished = plan.next(curve) === undefined
  return {
    seed,
    steps: curve.length,
    plannedSteps: finished ? curve.length : plan.fewestSteps,
    tokens: run.state.tokens,
    seconds: run.curve.reduce((sum, { seconds }) => sum + seconds, 0),
    curve,
    ...judgeConvergence(plan.judged(curve), known),
    memory: run.memory,
    failure: run.failure,
  }
}

async function measure(
  task: Task,
  results: SystemResults,
  seed: number,
  run: TrainedRun,
  { ranges }: TaskResults,
  { signal, progress, workload }: Comparison,
): Promise<void> {
  const { name } = results
  const key = `evaluate ${task.name} ${name} ${seed}`
  const startedAt = performance.now()
  const losses = await evaluate({
    system: createSystem(name, task.size),
    params: run.state.params,
    documents: task.evaluation.documents,
    piece: pieceOf(task.size.window),
    bosToken: task.bosToken,
    signal,
    onPiece(done, total) {
      const left = ((performance.now() - startedAt) / 1000 / done) * (total - done)
      workload.set(key, left)
      progress.update(
        `${task.name} · ${name} · seed ${seed} · reads ${total} tokens, ${formatDuration(left)} left, ${formatDuration(workload.left())} in all`,
      )
    },
  })
  workload.done(key)
  results.evaluations.push({ seed, perDocument: losses.map((nats) => meansByRange(nats, ranges)) })
}
