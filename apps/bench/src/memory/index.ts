import { loadModel } from '@ttt-e2e/checkpoint'
import { Progress, UserError } from '@ttt-e2e/cli'
import { formatTable } from '@ttt-e2e/report'
import '@ttt-e2e/kernels/engines'
import { resolveEngine, type Precision } from '@ttt-e2e/tensor-ops'
import { tableByKilobyte } from './by-kilobyte'
import { heldOutBooks } from './held-out-books'
import { tableOwnOrAnother } from './own-or-another'

export interface MemoryOptions {
  engine: string
  precision?: Precision
  /** A model of the same architecture and tokens, trained without learning. */
  static?: string
  kilobytes: number
}

/** What a model trained on the books gains by learning while it reads those held out: two tables. */
export async function memory(folder: string, options: MemoryOptions): Promise<void> {
  const progress = new Progress()
  progress.print((await resolveEngine(options.engine, { precision: options.precision })).line)
  const model = await loadModel(folder)
  if (model.recipe?.data.kind !== 'books')
    throw new UserError(
      `${folder} was trained on ${model.recipe?.data.kind ?? 'data that it does not name'}; this needs a model trained on the books`,
    )
  const still = options.static === undefined ? undefined : await loadModel(options.static)
  const update = (text: string) => progress.update(text)
  const books = heldOutBooks()
  const readers = [
    { name: `${model.system.name}, learning`, model, learn: true },
    { name: 'learning off', model, learn: false },
    ...(still ? [{ name: still.system.name, model: still, learn: false }] : []),
  ]
  const tables = [
    await tableByKilobyte(readers, books, options.kilobytes, update),
    await tableOwnOrAnother(model, books, update),
  ]
  for (const table of tables) progress.print(`\n${formatTable(table)}`)
}
