import { createSystem } from '@ttt-e2e/baselines'
import { formatDuration } from '@ttt-e2e/cli'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { readDocuments } from '@ttt-e2e/ttt-inner'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'
import { indexRanges, meansByRange } from './index-ranges'
import { describeRun, obtainRun } from './obtain-run'
import { pieceOf } from './piece-of'
import {
  nameOf,
  readersOf,
  type MeasuredRun,
  type MeasureRun,
  type RunListener,
  type RunWork,
} from './run-work'
import type { TrainedRun } from './train-system'

/**
 * Measures runs of these tasks in this process: trains each, or loads it, and reads the evaluation documents with every
 * system that uses its weights. Throws UserError if what is stored doesn't fit.
 */
export const measureHere =
  (tasks: readonly Task[], comparison: Comparison): MeasureRun =>
  (work, listener, signal) =>
    measureRun(
      tasks.find(({ name }) => name === work.task)!,
      work,
      comparison,
      listener,
      signal,
    )

async function measureRun(
  task: Task,
  work: RunWork,
  comparison: Comparison,
  listener: RunListener,
  signal: AbortSignal,
): Promise<MeasuredRun> {
  const run = await obtainRun(task, work, comparison, listener, signal)
  const measured: MeasuredRun = { run: describeRun(task, work, run), evaluations: [] }
  try {
    signal.throwIfAborted()
    if (run.failure !== undefined) {
      listener.print(`${nameOf(work)}: ${run.failure}; it isn't evaluated`)
      return measured
    }
    for (const system of readersOf(work.system, comparison))
      measured.evaluations.push({
        system,
        perDocument: await evaluate(task, system, work, run, listener, signal),
      })
    return measured
  } catch (error) {
    if (error !== signal.reason) throw error
    return measured
  } finally {
    disposeRun(run.state)
  }
}

async function evaluate(
  task: Task,
  system: string,
  { seed }: RunWork,
  run: TrainedRun,
  listener: RunListener,
  signal: AbortSignal,
): Promise<number[][]> {
  const startedAt = performance.now()
  const losses = await readDocuments({
    system: createSystem(system, task.size),
    params: run.state.params,
    documents: task.evaluation.documents,
    piece: pieceOf(task.size.window),
    bosToken: task.bosToken,
    signal,
    onPiece(done, total) {
      const left = ((performance.now() - startedAt) / 1000 / done) * (total - done)
      listener.update(
        `${nameOf({ task: task.name, system, seed })} · reads ${total} tokens, ${formatDuration(left)} left`,
        `evaluate ${system}`,
        left,
      )
    },
  })
  const ranges = indexRanges(task.evaluation.length)
  return losses.map((nats) => meansByRange(nats, ranges))
}
