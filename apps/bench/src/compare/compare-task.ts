import { readDocuments } from '@ttt-e2e/ttt-inner'
import { formatDuration } from '@ttt-e2e/cli'
import { createSystem } from '@ttt-e2e/baselines'
import { disposeRun } from '@ttt-e2e/meta-outer'
import type { SystemResults, TaskResults } from '../results'
import type { Task } from '../tasks'
import type { Comparison } from './comparison'
import { pieceOf } from './piece-of'
import { meansByRange } from './index-ranges'
import { describeRun, obtainRun } from './obtain-run'
import type { TrainedRun } from './train-system'

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
      const readers = results.systems.filter(
        ({ name, weightsOf }) => name === owner.name || weightsOf === owner.name,
      )
      const run = await obtainRun(task, owner.name, seed, comparison)
      try {
        const summary = describeRun(task, owner.name, seed, run)
        for (const reader of readers) reader.runs.push(summary)
        comparison.signal.throwIfAborted()
        if (run.failure === undefined)
          for (const reader of readers) await measure(task, reader, seed, run, results, comparison)
        else
          comparison.progress.print(
            `${task.name} · ${owner.name} · seed ${seed}: ${run.failure}; it isn't evaluated`,
          )
      } finally {
        disposeRun(run.state)
      }
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
  const losses = await readDocuments({
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
