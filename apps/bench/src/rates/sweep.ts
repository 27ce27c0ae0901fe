import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { listCheckpoints } from '@ttt-e2e/checkpoint'
import { gitHash } from '@ttt-e2e/cli'
import { disposeRun, type Recipe } from '@ttt-e2e/meta-outer'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import { beginRun, evaluate, resumeRun, trainRun, type Task } from '@ttt-e2e/training'
import type { TaskName } from '../tasks'
import { sweepRecipe } from './sweep-recipe'
import type { SweepsFile } from './sweeps-file'
import { validationTask } from './validation-task'

export interface SweepOptions {
  file: SweepsFile
  /** Where runs are kept until they are done. */
  out: string
  systems: readonly string[]
  rates: readonly number[]
  /** What a system is trained by at a rate. */
  recipeOf?(task: TaskName, system: string, rate: number): Recipe
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision'>
  signal: AbortSignal
  print(line: string): void
  update(line: string): void
}

/** Trains each system at each rate and keeps its validation loss; what the file has isn't done again. @throws the signal's reason */
export async function sweepTask(name: TaskName, options: SweepOptions): Promise<void> {
  const { file, systems, rates, recipeOf = sweepRecipe, print } = options
  const first = recipeOf(name, systems[0], rates[0])
  const { training, evaluation } = first
  const { length, batch, curriculum, optimizer } = training
  const task = await validationTask(first)
  file.begin(name, {
    training: { length, batch, steps: optimizer.schedule.steps, ...(curriculum && { curriculum }) },
    validation: `${task.heldOut.length} documents of ${evaluation.length} tokens`,
  })
  for (const system of systems)
    for (const rate of rates) {
      if (file.of(name)[system]?.[rate] !== undefined) continue
      const loss = await lossOf(recipeOf(name, system, rate), task, options)
      file.add(name, system, rate, loss)
      print(`${name} · ${system} · rate ${rate} · ${loss.toFixed(4)} nats`)
    }
}

/** The validation loss after training; NaN where its numbers were not finite. */
async function lossOf(
  recipe: Recipe,
  task: Task,
  { out, engine, signal, update }: SweepOptions,
): Promise<number> {
  const { peakLearningRate, steps } = recipe.training.optimizer.schedule
  const folder = join(out, recipe.name, recipe.system, `rate-${peakLearningRate}`)
  const run =
    listCheckpoints(folder).length > 0
      ? await resumeRun({ folder })
      : await beginRun({ folder, recipe, precision: engine.precision })
  try {
    let failed = false
    for await (const event of trainRun({ run, task, engine, gitHash: gitHash(), signal, evaluates: false })) {
      if (event.kind === 'failed') failed = true
      if (event.kind === 'step')
        update(
          `${recipe.system} · rate ${peakLearningRate} · step ${event.line.step}/${steps} · loss ${event.line.loss.toFixed(3)}`,
        )
    }
    signal.throwIfAborted()
    const documents = task.heldOut.map(({ tokens }) => tokens)
    const loss = failed
      ? NaN
      : (await evaluate(run.system, run.state.params, documents, { bosToken: task.bosToken, signal })).loss
    rmSync(folder, { recursive: true, force: true })
    return loss
  } finally {
    disposeRun(run.state)
  }
}
