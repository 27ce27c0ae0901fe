import { architectureOf, problemsOf } from '@ttt-e2e/baselines'
import type { Architecture } from '@ttt-e2e/swa-transformer'
import { CheckpointError } from '../../checkpoint-error'
import { readText, type ModelFolder } from '../../folders/model-folder'
import type { Extensions, StoredModel } from '../format'
import { hashedWhileRead } from '../hashed-weights'
import { parseJson } from '../parse-json'
import { orbaxArrays } from './arrays'
import { architectureOfConfig } from './config'
import { stackedWeights } from './weights'

export const items = { weights: 'model_weights', optimizer: 'opt_state' } as const
const configFile = 'config.json'
/** Weights are hardly compressible; what isn't there isn't made room for. */
const mostRatio = 8

/** Opens a checkpoint: what lies where, and no weights yet. @throws CheckpointError */
export async function openOrbax(folder: ModelFolder, extensions: Extensions): Promise<StoredModel> {
  const arrays = await orbaxArrays(folder, items.weights)
  if (!arrays) throw new CheckpointError(folder.name, [`there is no ${items.weights}`])
  const architecture = await architectureOfFolder(folder, extensions)
  const { weights, problems } = within(folder, () =>
    stackedWeights(architecture, arrays, { mixers: extensions.mixers }),
  )
  if (problems.length > 0)
    throw new CheckpointError(
      folder.name,
      problems.map((problem) => `${items.weights}: ${problem}`),
    )
  const { vocabularySize } = architecture
  const isLlama3 = vocabularySize === llama3Tokens
  const hashed = hashedWhileRead(weights)
  return {
    architecture,
    weights: hashed.weights,
    weightsFile: items.weights,
    bytes: mostRatio * arrays.bytes,
    tokenizer: isLlama3 ? { name: 'llama-3' } : { name: 'none', options: { vocabularySize } },
    documentsBeginWithBos: isLlama3,
    hash: hashed.hash,
  }
}

/** The published vocabulary. */
const llama3Tokens = 128_256

/** By what the caller says it is, or by the authors' configuration beside the weights: weights alone don't say it. */
export async function architectureOfFolder(
  folder: ModelFolder,
  { recipe }: Extensions,
): Promise<Architecture> {
  if (recipe) return architectureOf(recipe.system, recipe.size)
  const text = await readText(folder, configFile)
  if (text === undefined)
    throw new CheckpointError(folder.name, [
      `its weights don't say window, chunk and inner rate: put the authors' configuration beside them as ${configFile}, or convert it with --recipe`,
    ])
  const architecture = architectureOfConfig(parseJson(text))
  if ('system' in architecture) return architecture
  throw new CheckpointError(
    folder.name,
    problemsOf(architecture).map((problem) => `${configFile}: ${problem}`),
  )
}

/** @throws CheckpointError in place of what sizes that can't be throw */
function within<T>(folder: ModelFolder, build: () => T): T {
  try {
    return build()
  } catch (error) {
    throw new CheckpointError(folder.name, [(error as Error).message])
  }
}
