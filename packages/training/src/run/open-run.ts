import { createSystem } from '@ttt-e2e/baselines'
import {
  listCheckpoints,
  loadCheckpoint,
  loadOrbaxWeights,
  loadParameters,
  orbaxAt,
} from '@ttt-e2e/checkpoint'
import { createTokenizer } from '@ttt-e2e/data'
import { startRun, type Recipe } from '@ttt-e2e/meta-outer'
import { disposeTree, treeEntries, type Precision } from '@ttt-e2e/tensor-ops'
import type { Params } from '@ttt-e2e/ttt-inner'
import { resumedRecipe, type RecipeChanges } from '../recipes/resolve-recipe'
import { scheduleChange } from '../recipes/schedule-change'
import { seedsOf } from '../seeds'
import { TrainingError } from '../training-error'
import type { Run } from './run'
import { startWarmRun } from './warm-run'

export interface BeginOptions {
  folder: string
  recipe: Recipe
  precision?: Precision
  /** Folder of a model, a run or a checkpoint of the authors', whose weights it begins with, in place of drawn ones. */
  from?: string
}

/**
 * Begins a run in a folder that holds none.
 *
 * @throws TrainingError if it holds one, or `from` is another model
 */
export async function beginRun({ folder, recipe, precision = 'f32', from }: BeginOptions): Promise<Run> {
  if (listCheckpoints(folder).length > 0)
    throw new TrainingError(
      `'${folder}' holds a run already; --resume goes on with it, --out FOLDER begins one elsewhere`,
    )
  if (recipe.warmStart) {
    if (from !== undefined)
      throw new TrainingError(
        `'${recipe.name}' begins with a pretrained model: give --init-from '${from}' for its weights, and no --from`,
      )
    return { folder, precision, ...(await startWarmRun(recipe)) }
  }
  const system = createSystem(recipe.system, recipe.size)
  const state = startRun(system, seedsOf(recipe.training.seed).parameters, recipe.training.trains)
  const orbax = from === undefined ? undefined : await orbaxAt(from)
  if (orbax) {
    const params = await loadOrbaxWeights(orbax, recipe)
    disposeTree(state.params)
    state.params = params
  } else if (from !== undefined) {
    const { params, info } = await loadParameters(from)
    const problem = difference(params, state.params)
    if (problem !== undefined)
      throw new TrainingError(
        `'${from}' is a model of '${info.recipe?.name ?? 'no recipe'}' (${info.model.architecture.system}): ${problem}`,
      )
    disposeTree(state.params)
    state.params = params
  }
  return { folder, recipe, system, state, precision }
}

export interface ResumeOptions {
  folder: string
  /** What is asked for, where anything is: it must be the same run. */
  changes?: RecipeChanges & { recipe?: string; precision?: Precision }
  /** Told why a newer checkpoint was passed over. */
  onSkipped?(reason: string): void
  /** Told what becomes of the schedule, where settings change it. */
  onSchedule?(sentence: string): void
}

/**
 * Takes up a run at its last good checkpoint.
 *
 * @throws CheckpointError if there is none; TrainingError for changes that would make it another run
 */
export async function resumeRun({
  folder,
  changes = { settings: [] },
  onSkipped,
  onSchedule,
}: ResumeOptions): Promise<Run> {
  const { info, system, state } = await loadCheckpoint(folder, { onSkipped })
  const recipe = resumedRecipe(info.recipe, changes)
  const change = scheduleChange(info.recipe, recipe, state.step)
  if (change !== undefined) onSchedule?.(change)
  const { precision } = info.engine
  if (changes.precision !== undefined && changes.precision !== precision)
    throw new TrainingError(
      `the stored run is trained in ${precision}, not ${changes.precision}; give --out another folder`,
    )
  const { data } = info
  if (!data && 'path' in recipe.data && 'path' in info.recipe.data)
    if (recipe.data.path !== info.recipe.data.path)
      throw new TrainingError(
        `the run in '${folder}' was saved without a record of its data, so that nobody can tell whether '${recipe.data.path}' is the same; ` +
          `go on without --data, or give --out another folder`,
      )
  const { tokenizer, documentsBeginWithBos } = info.model
  return {
    folder,
    recipe,
    system,
    state,
    precision,
    ...(data && { data }),
    ...(recipe.warmStart && { tokenizer: await createTokenizer(tokenizer), documentsBeginWithBos }),
  }
}

function difference(found: Params, needed: Params): string | undefined {
  const shapes = new Map(treeEntries(found).map(([path, { shape }]) => [path, shape.join(', ')]))
  for (const [path, { shape }] of treeEntries(needed))
    if (shapes.get(path) !== shape.join(', '))
      return `its ${path} is ${shapes.has(path) ? `[${shapes.get(path)}]` : 'absent'}, the recipe's [${shape.join(', ')}]`
  return shapes.size === treeEntries(needed).length ? undefined : 'it has parameters that the recipe has not'
}
