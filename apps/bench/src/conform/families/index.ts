import { e2eRecipe } from './e2e-recipe'
import { gatedDeltanet } from './gated-deltanet'
import { lact } from './lact'
import { llama } from './llama'
import { mamba2 } from './mamba2'
import type { ModelFamily } from './published-model'
import { ttt } from './ttt'

const families: readonly ModelFamily[] = [e2eRecipe, llama, mamba2, gatedDeltanet, ttt, lact]

/** The family of a model whose parameters have these names. */
export const familyOf = (names: readonly string[]): ModelFamily | undefined =>
  families.find(({ firstLayerHas }) => names.some((name) => name.endsWith(`.0.${firstLayerHas}`)))

export { sourceOf, type PublishedModel } from './published-model'
