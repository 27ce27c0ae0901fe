import { loadModel, saveHuggingFace, saveModel } from '@ttt-e2e/checkpoint'
import { oneOf } from '@ttt-e2e/cli'
import { resolveEngine } from '@ttt-e2e/tensor-ops'

const formats = ['ttt-e2e', 'hugging-face'] as const

/**
 * Reads a model of any format and writes it in another: our own folder, or one of Hugging Face's.
 *
 * @throws CheckpointError for what can't be read, or has no form there
 */
export async function convert(from: string, to: string, given: string): Promise<void> {
  const format = oneOf('format', given, formats)!
  // Turning tensors takes no speed.
  await resolveEngine('cpu')
  const model = await loadModel(from)
  await (format === 'ttt-e2e' ? saveModel(model, to) : saveHuggingFace(model, to))
  process.stdout.write(`the model is in ${to}\n`)
  if (model.tokenizer.name === 'none') process.stdout.write('it has no tokenizer, and takes tokens alone\n')
  model.dispose()
}
