import {
  byteTokenizer,
  openTextCorpus,
  readBooks,
  sentenceOf,
  type AnyCorpus,
  type CachedCorpusOptions,
} from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { TrainingError } from '../training-error'
import { holdOut } from './hold-out'
import { languagesTask } from './languages'
import type { Task } from './task'
import { textTask } from './text'
import { tokenArraysTask } from './token-arrays'

/**
 * Opens the data of a recipe.
 *
 * @param options.onProgress told how far a large text is read, that is kept as tokens when it is met first
 * @throws TrainingError or DataError if the data isn't there or is too short; file system errors
 */
export async function openTask(
  recipe: Recipe,
  { onProgress }: Pick<CachedCorpusOptions, 'onProgress'> = {},
): Promise<Task> {
  const { data } = recipe
  if (data.kind === 'tokens') return tokenArraysTask(recipe, data)
  if (data.kind !== 'text') return openMadeTask(recipe)
  if (data.path === '')
    throw new TrainingError(
      `'${recipe.name}' trains on a text of yours; give --data a file or a folder: text, .jsonl, .json, .parquet, or token arrays in zarr`,
    )
  const { textField } = data
  const corpus = await openTextCorpus(data.path, byteTokenizer, { textField, onProgress })
  const { how, ...parts } = holdOut(corpus, recipe.evaluation.length + 1)
  const notes = [how, ...passedOverNotes(corpus)]
  const title = `your text: ${corpus.name}, bytes`
  return textTask({ recipe, rows: data.rows, name: corpus.name, corpus, ...parts, title, notes })
}

/**
 * The same of data that is made up or installed, without waiting.
 *
 * @throws TrainingError for a recipe on a text of the user's; DataError if the books are not installed
 */
export function openMadeTask(recipe: Recipe): Task {
  const { data } = recipe
  if (data.kind === 'languages') return languagesTask(recipe, data.successors)
  if (data.kind !== 'books')
    throw new TrainingError(`'${recipe.name}' trains on files of yours, which are read by openTask`)
  const corpus = readBooks(byteTokenizer)
  const { train, heldOut } = holdOut(corpus, recipe.evaluation.length + 1)
  const title = 'books: Moby Dick and the State of the Union addresses, bytes'
  return textTask({ recipe, rows: data.rows, name: corpus.name, corpus, train, heldOut, title })
}

/** What of a corpus was given and not read, as a note for whoever reads results. */
export const passedOverNotes = ({ passedOver = [] }: AnyCorpus): string[] =>
  passedOver.length === 0 ? [] : [`${sentenceOf(passedOver)}.`]
