import { e2eRecipe } from './e2e-recipe/names'
import { gatedDeltanet } from './gated-deltanet/names'
import { lact } from './lact/names'
import { llama } from './llama/names'
import { mamba2 } from './mamba2/names'
import type { ModelFamily } from './published-model'
import { ttt } from './ttt/names'

const publishedFamilies: readonly ModelFamily[] = [e2eRecipe, llama, mamba2, gatedDeltanet, ttt, lact]

/** The family of a model whose parameters have these names. */
export const familyOf = (names: readonly string[]): ModelFamily | undefined =>
  publishedFamilies.find(({ firstLayerHas }) => names.some((name) => name.endsWith(`.0.${firstLayerHas}`)))

export { sourceOf, type PublishedModel } from './published-model'
