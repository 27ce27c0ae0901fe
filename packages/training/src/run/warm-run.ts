import { warmStart } from '@ttt-e2e/baselines'
import { loadModel } from '@ttt-e2e/checkpoint'
import { startRunFrom, type Recipe } from '@ttt-e2e/meta-outer'
import { SizeError } from '@ttt-e2e/swa-transformer'
import { createRandom } from '@ttt-e2e/tensor-ops'
import { warmOptions, withSizesOf } from '../recipes/warm-options'
import { seedsOf } from '../seeds'
import { TrainingError } from '../training-error'
import type { Run } from './run'

/**
 * A run that begins with a pretrained model: its weights, its tokenizer, prime MLPs made of its own.
 *
 * @returns with the recipe's sizes those of the model
 * @throws TrainingError for a model that it can't begin with; CheckpointError for one that can't be read
 */
export async function startWarmRun(recipe: Recipe): Promise<Omit<Run, 'folder' | 'precision'>> {
  const from = recipe.warmStart!.from
  if (from === '')
    throw new TrainingError(
      `'${recipe.name}' begins with a pretrained model; give --init-from a folder or a file of one`,
    )
  const model = await loadModel(from)
  try {
    const { tokenizer, documentsBeginWithBos, hash } = model
    const { architecture } = model.system
    if (!architecture)
      throw new TrainingError(`'${from}' has mixers without a name, so that nothing is known of its layers`)
    const resolved = withSizesOf(recipe, architecture, hash)
    const seed = seedsOf(recipe.training.seed).parameters
    const { system, params } = warmStart(
      { architecture, params: model.params },
      warmOptions(resolved),
      createRandom(seed),
    )
    const state = startRunFrom(system, params, recipe.training.trains)
    return { recipe: resolved, system, state, tokenizer, documentsBeginWithBos }
  } catch (error) {
    throw error instanceof SizeError
      ? new TrainingError(`'${from}' can't be begun with: ${error.message}`)
      : error
  } finally {
    model.dispose()
  }
}
