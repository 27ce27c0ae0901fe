import { loadModel, saveHuggingFace, saveModel } from '@ttt-e2e/checkpoint'
import { oneOf } from '@ttt-e2e/cli'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { recipeNamed, resolveRecipe } from '@ttt-e2e/training'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { convertRun } from './convert-run'

const formats = ['ttt-e2e', 'hugging-face'] as const

/** What is said of a checkpoint of the authors', which says little itself. */
export interface ConvertOptions {
  format: string
  recipe?: string
  set: readonly string[]
  data?: string
}

/**
 * Reads a model of any format and writes it in another: our own folder, or one of Hugging Face's. A checkpoint of the
 * authors' with its optimizer becomes a run to go on with, where its recipe is given.
 *
 * @throws CheckpointError for what can't be read, or has no form there
 */
export async function convert(from: string, to: string, options: ConvertOptions): Promise<void> {
  const format = oneOf('format', options.format, formats)!
  const recipe =
    options.recipe === undefined
      ? undefined
      : resolveRecipe(recipeNamed(options.recipe), { settings: options.set, data: options.data })
  const step = recipe && format === 'ttt-e2e' ? await convertRun(from, to, recipe) : undefined
  if (step !== undefined) {
    process.stdout.write(
      `the run is in ${to}, after ${counted(step, 'step')}; --resume ${to} goes on with it\n`,
    )
    return
  }
  // Turning tensors takes no speed.
  await resolveEngine('cpu')
  const model = await loadModel(from, { ...(recipe && { recipe }) })
  await (format === 'ttt-e2e' ? saveModel(model, to) : saveHuggingFace(model, to))
  process.stdout.write(`the model is in ${to}\n`)
  if (model.tokenizer.name === 'none') process.stdout.write('it has no tokenizer, and takes tokens alone\n')
  model.dispose()
}
