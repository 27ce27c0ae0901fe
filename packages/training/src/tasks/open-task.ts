import {
  byteTokenizer,
  readBooks,
  readTextCorpus,
  sentenceOf,
  type Corpus,
  type Tokenizer,
} from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { TrainingError } from '../training-error'
import { holdOut } from './hold-out'
import { languagesTask } from './languages'
import type { Task } from './task'
import { textTask } from './text'

/**
 * Opens the data of a recipe.
 *
 * @param tokenizer of its text; bytes where left out
 * @throws TrainingError or DataError if the data isn't there or is too short; file system errors
 */
export async function openTask(recipe: Recipe, tokenizer: Tokenizer = byteTokenizer): Promise<Task> {
  const { data } = recipe
  if (data.kind !== 'text') return openMadeTask(recipe, tokenizer)
  if (data.path === '')
    throw new TrainingError(
      `'${recipe.name}' trains on a text of yours; give --data a file or a folder: text, .jsonl, .json or .parquet`,
    )
  const { textField } = data
  const corpus = await readTextCorpus(data.path, tokenizer, { textField })
  const { how, ...parts } = holdOut(corpus, recipe.evaluation.length + 1)
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
  if (data.kind === 'text')
    throw new TrainingError(`'${recipe.name}' trains on a text, which is read by openTask`)
  const corpus = readBooks(tokenizer)
  const { train, heldOut } = holdOut(corpus, recipe.evaluation.length + 1, data.heldOutEvery)
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
export const passedOverNotes = ({ passedOver = [] }: Corpus): string[] =>
  passedOver.length === 0 ? [] : [`${sentenceOf(passedOver)}.`]
