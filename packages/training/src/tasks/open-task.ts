import {
  byteTokenizer,
  openTextCorpus,
  readBooks,
  sentenceOf,
  type AnyCorpus,
  type CachedCorpusOptions,
  type Tokenizer,
} from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { TrainingError } from '../training-error'
import { holdOut } from './hold-out'
import { languagesTask } from './languages'
import { needleTask } from './needle'
import type { Task } from './task'
import { textTask } from './text'
import { tokenArraysTask } from './token-arrays'

export interface OpenTaskOptions extends Pick<CachedCorpusOptions, 'onProgress'> {
  /** Of the recipe's text; bytes where left out. */
  tokenizer?: Tokenizer
}

/**
 * Opens the data of a recipe.
 *
 * @param options.onProgress told how far a large text is read, that is kept as tokens when it is met first
 * @throws TrainingError or DataError if the data isn't there or is too short; file system errors
 */
export async function openTask(
  recipe: Recipe,
  { tokenizer = byteTokenizer, onProgress }: OpenTaskOptions = {},
): Promise<Task> {
  const { data } = recipe
  if (data.kind === 'tokens') return tokenArraysTask(recipe, data)
  if (data.kind !== 'text') return openMadeTask(recipe, tokenizer)
  if (data.path === '')
    throw new TrainingError(
      `'${recipe.name}' trains on a text of yours; give --data a file or a folder: text, .jsonl, .json, .parquet, or token arrays in zarr`,
    )
  const { textField } = data
  const corpus = await openTextCorpus(data.path, tokenizer, { textField, onProgress })
  const { how, ...parts } = holdOut(corpus, recipe.evaluation.length + 1, { tokenizer })
  const notes = [how, ...passedOverNotes(corpus)]
  const title = `your text: ${corpus.name}, ${unitOf(tokenizer)}`
  return textTask({
    recipe,
    rows: data.rows,
    name: corpus.name,
    corpus,
    tokenizer,
    ...parts,
    title,
    notes,
  })
}

/**
 * The same of data that is made up or installed, without waiting.
 *
 * @throws TrainingError for a recipe on a text of the user's; DataError if the books are not installed
 */
export function openMadeTask(recipe: Recipe, tokenizer: Tokenizer = byteTokenizer): Task {
  const { data } = recipe
  if (data.kind === 'languages') return languagesTask(recipe, data.successors)
  if (data.kind === 'needle') return needleTask(recipe)
  if (data.kind !== 'books')
    throw new TrainingError(`'${recipe.name}' trains on files of yours, which are read by openTask`)
  const corpus = readBooks(tokenizer)
  const { train, heldOut } = holdOut(corpus, recipe.evaluation.length + 1, {
    heldOutEvery: data.heldOutEvery,
  })
  const title = `books: Moby Dick and the State of the Union addresses, ${unitOf(tokenizer)}`
  return textTask({
    recipe,
    rows: data.rows,
    name: corpus.name,
    corpus,
    tokenizer,
    train,
    heldOut,
    title,
  })
}

const unitOf = (tokenizer: Tokenizer) => (tokenizer === byteTokenizer ? 'bytes' : 'tokens')

/** What of a corpus was given and not read, as a note for whoever reads results. */
export const passedOverNotes = ({ passedOver = [] }: AnyCorpus): string[] =>
  passedOver.length === 0 ? [] : [`${sentenceOf(passedOver)}.`]
