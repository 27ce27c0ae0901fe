import { isDeepStrictEqual } from 'node:util'
import { createSystem, definitionOf } from '@ttt-e2e/baselines'
import { problemsInWords, recipeSchema, tokenizerOf } from '@ttt-e2e/checkpoint'
import { isTokenArrays } from '@ttt-e2e/data'
import type { DataRecipe, Recipe, RowsRecipe } from '@ttt-e2e/meta-outer'
import { checkSizes, SizeError } from '@ttt-e2e/swa-transformer'
import { TrainingError } from '../training-error'
import { recipes } from './index'
import { rangeProblems } from './check-ranges'
import { nearest } from './nearest'
import { forSystem } from './published'
import { applySettings } from './settings'
import { standardWarmStart, warmOptions } from './warm-options'

/** What a caller changes in a recipe. */
export interface RecipeChanges {
  system?: string
  /** As `training.batch=8`. */
  settings: readonly string[]
  /** A text to train on instead, an absolute path. */
  data?: string
  /** The field that holds the text in files of many documents. */
  textField?: string
  /** A pretrained model to begin with, an absolute path. */
  initFrom?: string
}

/** @throws TrainingError naming the known recipes and the nearest */
export function recipeNamed(name: string): Recipe {
  const recipe = recipes.get(name)
  if (recipe) return recipe
  const known = [...recipes.keys()]
  throw new TrainingError(
    `unknown recipe '${name}'; did you mean '${nearest(name, known)}'? Known: ${known.join(', ')}`,
  )
}

/**
 * A recipe with a caller's changes, checked as a whole.
 *
 * @throws TrainingError for a change that can't be made or sizes that don't fit each other; UnknownSystem
 */
export function resolveRecipe(
  recipe: Recipe,
  { system, settings, data, textField, initFrom }: RecipeChanges,
): Recipe {
  const changed = applySettings(
    {
      ...(system === undefined ? recipe : forSystem(recipe, system)),
      ...(data !== undefined && { data: ownData(recipe, data, textField) }),
      ...(initFrom !== undefined && {
        warmStart: { ...(recipe.warmStart ?? standardWarmStart), from: initFrom },
      }),
    },
    settings,
  )
  inWordsOf("the recipe can't be as it was set: size.", () => checkSizes(changed.size, ['intermediateSize']))
  const checked = recipeSchema.safeParse(changed)
  if (!checked.success)
    throw new TrainingError(
      `the recipe can't be as it was set: ${problemsInWords(checked.error, changed).join('; ')}`,
    )
  const outOfRange = rangeProblems(changed)
  if (outOfRange.length > 0)
    throw new TrainingError(`the recipe can't be as it was set: ${outOfRange.join('; ')}`)
  const { weightsOf } = definitionOf(changed.system)
  if (weightsOf)
    throw new TrainingError(
      `'${changed.system}' is not trained: it reads with the weights of '${weightsOf}', train that`,
    )
  if (changed.warmStart) {
    // The other sizes are the pretrained model's, which is not read yet.
    warmOptions(changed)
    return changed
  }
  const { vocabularySize } = tokenizerOf(changed)
  if (vocabularySize > changed.size.vocabularySize)
    throw new TrainingError(
      `size.vocabularySize is ${changed.size.vocabularySize}; the data has ${vocabularySize} tokens`,
    )
  if (changed.data.kind === 'languages' && changed.data.successors > changed.size.vocabularySize)
    throw new TrainingError(
      `data.successors is ${changed.data.successors}; a language of ${changed.size.vocabularySize} symbols has at most as many`,
    )
  inWordsOf("the sizes don't fit each other: ", () => {
    const { name, decoder } = createSystem(changed.system, changed.size)
    const { trains = 'all' } = changed.training
    if (trains !== 'all' && decoder.config.suffixBlocks === 0)
      throw new SizeError(
        `training.trains is '${trains}', but '${name}' has no blocks that learn; set it to all`,
      )
  })
  return changed
}

/** @throws TrainingError in place of a SizeError, with what comes before its message */
function inWordsOf(before: string, check: () => unknown): void {
  try {
    check()
  } catch (error) {
    if (!(error instanceof SizeError)) throw error
    throw new TrainingError(`${before}${error.message}`)
  }
}

/** What lies at a path of the user's: token arrays, by the folder's files, or text. */
function ownData(recipe: Recipe, path: string, textField?: string): DataRecipe {
  if (!isTokenArrays(path))
    return { kind: 'text', path, rows: rowsOf(recipe), ...(textField !== undefined && { textField }) }
  if (textField !== undefined)
    throw new TrainingError(`'${path}' holds token arrays, of which no field is text; leave out --text-field`)
  const seed = 0
  return recipe.size.vocabularySize === llama3.vocabularySize
    ? { kind: 'tokens', path, seed, tokenizer: 'llama-3', bosToken: llama3.bosToken }
    : { kind: 'tokens', path, seed, tokenizer: 'none' }
}

/** The tokens of the published recipes. */
const llama3 = { vocabularySize: 128_256, bosToken: 128_000 }

const rowsOf = ({ data }: Recipe): RowsRecipe => ('rows' in data ? data.rows : 'windows')

/** What may be changed when a run goes on: nothing that its parameters, its data or its past depend on. */
const changeable = ['training.optimizer', 'evaluation.every', 'evaluation.documents']

/**
 * The recipe that a stored run goes on with.
 *
 * @throws TrainingError for a change that would make it another run
 */
export function resumedRecipe(stored: Recipe, options: RecipeChanges & { recipe?: string }): Recipe {
  if (options.recipe !== undefined && options.recipe !== stored.name)
    throw new TrainingError(
      `the stored run is of '${stored.name}', not '${options.recipe}'; give --out another folder`,
    )
  if (options.system !== undefined && options.system !== stored.system)
    throw new TrainingError(
      `the stored run trains '${stored.system}', not '${options.system}'; give --out another folder`,
    )
  const kind =
    options.data === undefined ? stored.data.kind : ownData(stored, options.data, options.textField).kind
  if (kind !== stored.data.kind || (options.data !== undefined && !('path' in stored.data)))
    throw new TrainingError('the stored run trains on other data; give --out another folder')
  const isChange = (setting: string) => !isDeepStrictEqual(applySettings(stored, [setting]), stored)
  for (const setting of options.settings)
    if (
      !changeable.some((path) => setting.startsWith(`${path}.`) || setting.startsWith(`${path}=`)) &&
      isChange(setting)
    )
      throw new TrainingError(
        `--set ${setting} would make it another run; when it goes on, only ${changeable.join(', ')} can be set`,
      )
  const resolved = resolveRecipe(stored, { settings: options.settings })
  // The same data may lie elsewhere now; that it is the same is found out when it is read.
  if (options.data === undefined || !('path' in resolved.data)) return resolved
  const field = options.textField !== undefined && { textField: options.textField }
  return { ...resolved, data: { ...resolved.data, path: options.data, ...field } }
}
