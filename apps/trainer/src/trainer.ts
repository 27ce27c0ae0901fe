import { abortOnSignals, Progress } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { dryRun } from './dry-run'
import { beginRun, newRecipe, resumeRun, runFolder } from './open-run'
import type { TrainerOptions } from './options'
import { openTask } from './task'
import { Training } from './training'

/**
 * Trains as asked, or says what it would take; a signal saves and ends it.
 *
 * @param caller the folder that the caller works in
 * @returns the exit code: 0 done or stopped by a signal and saved, 1 a loss that isn't finite
 * @throws UserError, DataError, EngineError or CheckpointError for a request that can't be met
 */
export async function trainer(options: TrainerOptions, caller: string): Promise<number> {
  const progress = new Progress()
  const folder = runFolder(options, caller)
  const recipe = options.resume === undefined ? newRecipe(options) : undefined
  const { threads } = options
  let engine = await resolveEngine(options.engine, { threads, precision: options.precision })
  if (options.dryRun && recipe) {
    progress.print(engine.line)
    for (const line of await dryRun(recipe)) progress.print(line)
    return 0
  }
  // Before anything is written: data that isn't there leaves no folder behind.
  const newTask = recipe && openTask(recipe)
  const run = recipe
    ? await beginRun(options, recipe, folder)
    : await resumeRun(options, folder, (reason) => progress.print(reason))
  if (run.precision !== engine.precision)
    engine = await resolveEngine(options.engine, { threads, precision: run.precision })
  progress.print(engine.line)
  if (options.dryRun) {
    for (const line of await dryRun(run.recipe)) progress.print(line)
    return 0
  }
  const task = newTask ?? openTask(run.recipe)
  const { signal, restore } = abortOnSignals(() =>
    progress.print('stopping and saving; a second signal quits at once'),
  )
  try {
    return await new Training(run, task, engine, progress, signal, options.saveEvery).toTheEnd()
  } finally {
    progress.clear()
    restore()
    disposeRun(run.state)
  }
}
