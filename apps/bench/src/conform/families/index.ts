import { e2eRecipe } from './e2e-recipe'
import { lact } from './lact'
import { llama } from './llama'
import type { ModelFamily } from './published-model'
import { ttt } from './ttt'

const families: readonly ModelFamily[] = [e2eRecipe, lact, llama, ttt]

/** The family of a model whose parameters have these names. */
export const familyOf = (names: readonly string[]): ModelFamily | undefined =>
  families.find(({ firstLayerHas }) => names.some((name) => name.endsWith(`.0.${firstLayerHas}`)))

export { sourceOf, type PublishedModel } from './published-model'
