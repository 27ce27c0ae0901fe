import { listCheckpoints } from '@ttt-e2e/checkpoint'
import { openOutputFolder, UserError } from '@ttt-e2e/cli'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { beginRun, recipeNamed, resumeRun, type Run } from '@ttt-e2e/training'
import { basename, dirname, join } from 'node:path'
import type { TrainerOptions } from './options'

/** Where a run writes: what was said, or `runs/tiny-books` below the caller's folder, with the system if it is another. */
export function runFolder(options: TrainerOptions, caller: string): string {
  if (typeof options.resume === 'string') {
    const above = dirname(options.resume)
    return basename(above) === 'checkpoints' ? dirname(above) : options.resume
  }
  if (options.out !== undefined) return options.out
  const { name, system } = recipeNamed(options.recipe!)
  const other = options.system !== undefined && options.system !== system ? `-${options.system}` : ''
  return join(caller, 'runs', name.replaceAll('/', '-') + other)
}

/**
 * Begins the run that was asked for, or takes it up where no recipe is given.
 *
 * @throws UserError, TrainingError or CheckpointError for what can't be had
 */
export async function openRun(
  options: TrainerOptions,
  recipe: Recipe | undefined,
  folder: string,
  onNote: (sentence: string) => void,
): Promise<Run> {
  if (options.spare !== undefined) openSpare(options.spare)
  if (recipe) {
    const run = await beginRun({ folder, recipe, precision: options.precision, from: options.from })
    if (!options.dryRun) openOutputFolder(folder)
    return run
  }
  const from = typeof options.resume === 'string' ? options.resume : folder
  const run = await resumeRun({ folder: from, changes: options, onSkipped: onNote, onSchedule: onNote })
  openOutputFolder(folder)
  return { ...run, folder }
}

/** Nothing may be found out about it when it is needed. @throws FileError, UserError */
function openSpare(folder: string): void {
  if (listCheckpoints(folder).length > 0)
    throw new UserError(`--spare '${folder}' holds a run already; give a folder that is new or empty`)
  openOutputFolder(folder, '--spare')
}
