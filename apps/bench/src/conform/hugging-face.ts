import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { folderOnDisk, loadModel, type ModelFolder } from '@ttt-e2e/checkpoint'
import { Reader } from '@ttt-e2e/ttt-inner'
import { Comparisons, type GoldenCase, type Verdict } from './golden-case'

/** Largest absolute error of a logit, or of a token's loss. */
const tolerance = 1e-4

/** Logits and losses of a folder of Hugging Face's, for each way in which its configuration is written. */
export async function conformHuggingFace({ folder, tensors }: GoldenCase): Promise<Verdict> {
  const comparisons = new Comparisons()
  for (const config of ['config.json', 'config_v4.json'].filter((file) => existsSync(join(folder, file)))) {
    const model = await loadModel(withConfig(folder, config))
    const { input_ids: inputs, targets, logits, loss_per_token64: losses } = tensors
    const [batch, length] = inputs.shape
    const width = model.system.decoder.config.vocabularySize
    const reader = new Reader(model.system, model.params, { batch })
    const actual = new Float32Array(batch * length * width)
    const nats = new Float32Array(batch * length)
    for (let t = 0; t < length; t++) {
      const column = (from: ArrayLike<number>) =>
        Int32Array.from({ length: batch }, (_, b) => from[b * length + t])
      const read = await reader.read(column(inputs.values), { next: column(targets.values) })
      const predicted = await reader.nextLogits()
      for (let b = 0; b < batch; b++) {
        nats[b * length + t] = read[2 * b + 1]
        actual.set(predicted.subarray(b * width, (b + 1) * width), (b * length + t) * width)
      }
    }
    comparisons.compareLargest(`logits by ${config}`, actual, logits.values, tolerance)
    comparisons.compareLargest(`losses by ${config}`, nats, losses.values, tolerance)
    reader.dispose()
    model.dispose()
  }
  return comparisons.result()
}

/** The folder with another of its files as config.json. */
function withConfig(path: string, config: string): ModelFolder {
  const folder = folderOnDisk(path)
  return { ...folder, open: (file) => folder.open(file === 'config.json' ? config : file) }
}
