import { byteTokenizer, readBooks, readTextCorpus } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { TrainingError } from '../training-error'
import { holdOut } from './hold-out'
import { languagesTask } from './languages'
import type { Task } from './task'
import { textTask } from './text'

/**
 * Opens the data of a recipe.
 *
 * @throws TrainingError or DataError if the data isn't there or is too short
 */
export function openTask(recipe: Recipe): Task {
  const { data } = recipe
  if (data.kind === 'languages') return languagesTask(recipe, data.successors)
  if (data.kind === 'text' && data.path === '')
    throw new TrainingError(
      `'${recipe.name}' trains on a text of yours; give --data a file, a folder or a .jsonl`,
    )
  const corpus = data.kind === 'books' ? readBooks(byteTokenizer) : readTextCorpus(data.path, byteTokenizer)
  const { how, ...parts } = holdOut(corpus, recipe.evaluation.length + 1)
  const texts = { recipe, rows: data.rows, name: corpus.name, corpus, ...parts }
  return data.kind === 'books'
    ? textTask({ ...texts, title: 'books: Moby Dick and the State of the Union addresses, bytes' })
    : textTask({ ...texts, title: `your text: ${corpus.name}, bytes`, notes: [how] })
}
