import { openOutputFolder, UserError } from '@ttt-e2e/cli'
import { basename, dirname, join } from 'node:path'
import { createSystem } from '@ttt-e2e/baselines'
import { listCheckpoints, loadCheckpoint, loadParameters } from '@ttt-e2e/checkpoint'
import { startRun, type Recipe, type RunState } from '@ttt-e2e/meta-outer'
import { disposeTree, treeEntries, type Precision } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import type { TrainerOptions } from './options'
import { recipeNamed, resolveRecipe, resumedRecipe } from './resolve-recipe'
import { parameterSeed } from './task'

/** A run that is about to begin or to go on. */
export interface Run {
  folder: string
  recipe: Recipe
  system: System
  state: RunState
  precision: Precision
}

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
 * Begins a run in a folder that holds none.
 *
 * @throws UserError if it holds one, nothing can be written there, or --from is another model
 */
export async function beginRun(options: TrainerOptions, recipe: Recipe, folder: string): Promise<Run> {
  if (listCheckpoints(folder).length > 0)
    throw new UserError(
      `'${folder}' holds a run already; --resume goes on with it, --out FOLDER begins one elsewhere`,
    )
  openOutputFolder(folder)
  const system = createSystem(recipe.system, recipe.size)
  const state = startRun(system, parameterSeed(recipe.training.seed))
  if (options.from !== undefined) {
    const { params, info } = await loadParameters(options.from)
    const problem = difference(params, state.params)
    if (problem !== undefined)
      throw new UserError(
        `'${options.from}' is a model of '${info.recipe?.name ?? 'no recipe'}' (${info.model.architecture.system}): ${problem}`,
      )
    disposeTree(state.params)
    state.params = params
  }
  return { folder, recipe, system, state, precision: options.precision ?? 'f32' }
}

/**
 * Takes up a run at its last good checkpoint.
 *
 * @throws CheckpointError if there is none; UserError for options that would make it another run
 */
export async function resumeRun(
  options: TrainerOptions,
  folder: string,
  onSkipped: (reason: string) => void,
): Promise<Run> {
  const from = typeof options.resume === 'string' ? options.resume : folder
  const { info, system, state } = await loadCheckpoint(from, { onSkipped })
  const recipe = resumedRecipe(info.recipe, options)
  const { precision } = info.engine
  if (options.precision !== undefined && options.precision !== precision)
    throw new UserError(
      `the stored run is trained in ${precision}, not ${options.precision}; give --out another folder`,
    )
  openOutputFolder(folder)
  return { folder, recipe, system, state, precision }
}

/** The recipe of a run that isn't stored yet. */
export const newRecipe = (options: TrainerOptions): Recipe =>
  resolveRecipe(recipeNamed(options.recipe!), options)

function difference(found: Params, needed: Params): string | undefined {
  const shapes = new Map(treeEntries(found).map(([path, { shape }]) => [path, shape.join(', ')]))
  for (const [path, { shape }] of treeEntries(needed))
    if (shapes.get(path) !== shape.join(', '))
      return `its ${path} is ${shapes.has(path) ? `[${shapes.get(path)}]` : 'absent'}, the recipe's [${shape.join(', ')}]`
  return shapes.size === treeEntries(needed).length ? undefined : 'it has parameters that the recipe has not'
}
