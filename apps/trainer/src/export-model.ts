import { saveModel } from '@ttt-e2e/checkpoint'
import { resolveEngine } from '@ttt-e2e/tensor-ops'

/** Writes the model of a run or a checkpoint to a folder of its own. @throws CheckpointError */
export async function exportModel(run: string, folder: string): Promise<void> {
  // Checking the file takes tensors, but no speed.
  await resolveEngine('cpu')
  await saveModel(run, folder)
  process.stdout.write(`the model is in ${folder}\n`)
}
