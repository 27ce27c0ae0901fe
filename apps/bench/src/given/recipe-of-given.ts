import { standardOptimizer, standardSchedule, type DataRecipe, type Recipe } from '@ttt-e2e/meta-outer'
import type { GivenModel } from './given-model'

/** Of attention that has none, for the contexts that are shown. */
const noWindow = 256

/** What is measured of a given model as a recipe: its own, else its sizes alone, with a training of no step. */
export function recipeOfGiven(
  { path, model, name, window = noWindow }: GivenModel,
  data: DataRecipe,
  evaluation: Recipe['evaluation'],
): Recipe {
  if (model.recipe) return { ...model.recipe, data, evaluation }
  const { rope, rule, lossChunk, ...architecture } = model.system.architecture!
  const { vocabularySize, hiddenSize, heads, layers, intermediateSize, suffixBlocks } = architecture
  return {
    name: 'given',
    summary: `read from ${path}`,
    system: name,
    size: {
      vocabularySize,
      hiddenSize,
      heads,
      layers,
      intermediateSize,
      suffixBlocks,
      window,
      chunk: rule?.chunk ?? lossChunk ?? window,
      innerRate: rule?.rate ?? 0,
      ropeTheta: rope.base,
    },
    data,
    training: {
      length: evaluation.length,
      batch: 1,
      optimizer: standardOptimizer(standardSchedule(0, 0)),
      seed: 0,
    },
    evaluation,
  }
}
