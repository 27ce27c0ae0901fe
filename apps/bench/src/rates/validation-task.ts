import { byteTokenizer, readBooks } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import { holdOut, openMadeTask, textTask, type Task } from '@ttt-e2e/training'
import { presets } from '../experiment/presets'

/** What validation languages are drawn with: the seed of no run, nor that of the held-out ones. */
const validationSeed = 0x5a11_da7e

/**
 * The data of a recipe with other documents held out than those that tables are made of: languages of another seed, and
 * every tenth of the books that no preset holds out.
 */
export async function validationTask(recipe: Recipe): Promise<Task> {
  if (recipe.data.kind === 'books') return validationBooks(recipe)
  const { documents, length } = recipe.evaluation
  const task = openMadeTask(recipe)
  for await (const { tokens } of task.stream({ seed: validationSeed, batch: documents, length })) {
    const heldOut = Array.from({ length: documents }, (_, n) => ({
      id: `validation ${n + 1}`,
      tokens: tokens.slice(n * (length + 1), (n + 1) * (length + 1)),
    }))
    return { ...task, heldOut }
  }
  return task
}

function validationBooks(recipe: Recipe): Task {
  const books = readBooks(byteTokenizer)
  const widths = new Set(Object.values(presets).map((preset) => preset.books.recipe.evaluation.length + 1))
  const measured = new Set(
    [...widths].flatMap((width) => holdOut(books, width).heldOut.documents.map(({ id }) => id)),
  )
  const others = { ...books, documents: books.documents.filter(({ id }) => !measured.has(id)) }
  const { train, heldOut } = holdOut(others, recipe.evaluation.length + 1)
  return textTask({ recipe, rows: 'windows', title: 'books', name: 'books', train, heldOut })
}
