import { disposeRun, type Recipe } from '@ttt-e2e/meta-outer'
import { openTask } from '@ttt-e2e/training'
import { join } from 'node:path'
import type { TrainModel } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'
import type { Comparison } from './comparison'
import { judgeConvergence } from './convergence'
import { obtainRun } from './obtain-run'
import { pieceOfWork, type RunListener, type RunWork } from './run-work'
import { openStore, storeOf } from './stores'
import { planTraining } from './training-plan'

/** What a probe's models are trained with, and who is told. */
export interface ModelTrainer {
  benchmark: Benchmark
  comparison: Comparison
  /** The probe's name. */
  probe: string
  work: RunWork
  listener: RunListener
  signal: AbortSignal
}

/**
 * Trains models for a probe, in folders of its own: `probes/<probe>/<task>/<name>/<system>/seed-n`.
 *
 * @throws the signal's reason; UserError where it can't be trained to its end, or what is stored is another model
 */
export const modelTrainer =
  ({ benchmark, comparison, probe, work, listener, signal }: ModelTrainer): TrainModel =>
  async ({ name, recipe, system = work.system, seed = work.seed, untilConverged, from }) => {
    const given: Benchmark = { name, recipe, untilConverged, task: await taskOf(benchmark, recipe) }
    const own = { ...comparison, store: join(comparison.store, 'probes', probe, benchmark.name) }
    const model = { task: name, system, seed }
    if (comparison.train) openStore(given, given.task.fingerprint(), model, own)
    const plan = planTraining(given, system)
    const { run, trained } = await obtainRun({
      benchmark: given,
      work: { ...model, probe },
      plan,
      comparison: own,
      listener: {
        print: listener.print,
        update: (doing, piece, left) => listener.update(doing, pieceOfWork(probe, `${name} ${piece}`), left),
      },
      signal,
      from,
    })
    const dispose = () => disposeRun(run.state)
    if (signal.aborted || trained.failure !== undefined) dispose()
    signal.throwIfAborted()
    if (trained.failure !== undefined) throw new ModelFailed(trained.failure)
    const losses = trained.steps.map(({ loss }) => loss)
    return {
      folder: storeOf(own.store, model).directory,
      system: run.system,
      params: run.state.params,
      run: trained,
      ...judgeConvergence(plan.judged(losses), given.task.knownLosses?.(system)),
      dispose,
    }
  }

/** A model whose numbers weren't finite any more. */
export class ModelFailed extends Error {
  override readonly name = 'ModelFailed'
}

/** The benchmark's own data where the recipe's is the same: texts are read once. */
const taskOf = async ({ recipe, task }: Benchmark, asked: Recipe) =>
  dataOf(recipe) === dataOf(asked) ? task : openTask(asked)

/** What a task is made from. */
const dataOf = ({ size: { vocabularySize, layers, window }, data, training, evaluation }: Recipe) =>
  JSON.stringify([vocabularySize, layers, window, data, training.length, training.batch, evaluation])
