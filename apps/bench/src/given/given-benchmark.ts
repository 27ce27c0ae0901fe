import { UserError } from '@ttt-e2e/cli'
import { readTextCorpus, type Document } from '@ttt-e2e/data'
import type { DataRecipe, Recipe } from '@ttt-e2e/meta-outer'
import { openTask, passedOverNotes, textTask, type Task } from '@ttt-e2e/training'
import type { TaskPreset } from '../experiment/presets'
import type { Benchmark } from '../tasks/benchmark'
import type { TextPlace } from '../tasks/own-text'
import { evaluationOf } from './evaluation'
import type { GivenModel } from './given-model'
import { recipeOfGiven } from './recipe-of-given'

/**
 * The task that a given model is read on: a text of the user's, else what the model's recipe holds out, else the books.
 *
 * @param preset says how much is read where nothing else does
 * @param options.settings `evaluation.length=8192` and the like
 * @throws UserError, DataError or TrainingError for what can't be read with this model
 */
export async function givenBenchmark(
  given: GivenModel,
  preset: TaskPreset,
  {
    data: path,
    textField,
    settings = [],
  }: { data?: string; textField?: string; settings?: readonly string[] },
): Promise<Benchmark> {
  const { tokenizer, recipe: trained } = given.model
  const own = path === undefined ? trained : undefined
  const evaluation = evaluationOf(own?.evaluation, preset.recipe.evaluation, settings)
  const data: DataRecipe =
    path === undefined
      ? (own?.data ?? { kind: 'books', rows: 'windows' })
      : { kind: 'text', path, rows: 'windows', ...(textField !== undefined && { textField }) }
  const recipe = recipeOfGiven(given, data, evaluation)
  const isText = data.kind === 'books' || data.kind === 'text'
  if (isText && tokenizer.name === 'none')
    throw new UserError(`'${given.path}' has no tokenizer, so no text can be read with it`)
  // Its own data is divided as it was for its training, whatever is read of it now.
  const divided = own
    ? { ...recipe, evaluation: { ...own.evaluation, documents: evaluation.documents } }
    : recipe
  const task =
    path === undefined
      ? await openTask(divided, { tokenizer })
      : await textOf({ path, textField }, recipe, given)
  const heldOut = task.heldOut.map((document) => asRead(document, evaluation.length, given))
  const notes = [
    ...task.notes,
    ...given.model.notes.map((note) => `${note}.`),
    own ? heldOutNote(given, own) : unknownNote(given),
  ]
  return {
    name: data.kind,
    recipe,
    task: { ...task, heldOut, notes },
    given,
    ...(isText && { bytes: heldOut.map(({ tokens }) => bytesOf(tokens, given)) }),
  }
}

/** All of it is read, from the beginnings of its documents. */
async function textOf(
  { path, textField }: TextPlace,
  recipe: Recipe,
  { model: { tokenizer } }: GivenModel,
): Promise<Task> {
  const corpus = await readTextCorpus(path, tokenizer, { textField })
  const longest = Math.max(...corpus.documents.map(({ tokens }) => tokens.length))
  const { length } = recipe.evaluation
  if (longest <= length)
    throw new UserError(
      `the longest document of '${path}' has ${longest} tokens; one of at least ${length + 1} is needed: bring more text or set evaluation.length lower by --set`,
    )
  return textTask({
    recipe,
    rows: 'windows',
    title: `your text: ${corpus.name}`,
    name: corpus.name,
    tokenizer,
    train: { name: corpus.name, documents: [] },
    heldOut: corpus,
    notes: passedOverNotes(corpus),
  })
}

/** A document as the model reads it in use: after the token that its documents begin with, if they do. */
function asRead(
  { id, tokens }: Document<Int32Array>,
  length: number,
  { model: { tokenizer, documentsBeginWithBos } }: GivenModel,
): Document<Int32Array> {
  const { bosToken } = tokenizer
  const before = documentsBeginWithBos && bosToken !== undefined && tokens[0] !== bosToken ? [bosToken] : []
  return { id, tokens: Int32Array.from([...before, ...tokens.subarray(0, length + 1 - before.length)]) }
}

/** Of the text that is predicted. */
const bytesOf = (tokens: Int32Array, { model: { tokenizer } }: GivenModel): number =>
  tokenizer.name === 'byte' ? tokens.length - 1 : Buffer.byteLength(tokenizer.decode(tokens.subarray(1)))

const heldOutNote = ({ path }: GivenModel, { name }: Recipe) =>
  `'${path}' was trained by the recipe '${name}'; what is read here is what that recipe holds out.`

const unknownNote = ({ path }: GivenModel) =>
  `Whether '${path}' saw this text in its training isn't known here; if it did, its losses flatter it.`
