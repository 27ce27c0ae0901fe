import { gdn2, kda } from './delta-layer/names'
import { e2eRecipe } from './e2e-recipe/names'
import { gatedDeltanet } from './gated-deltanet/names'
import { gptOss } from './gpt-oss/names'
import { inPlaceTtt } from './in-place-ttt/names'
import { lact } from './lact/names'
import { llama } from './llama/names'
import { mamba2 } from './mamba2/names'
import { mamba3 } from './mamba3/names'
import { mesanet } from './mesanet/names'
import type { ModelFamily } from './published-model'
import { ttt } from './ttt/names'

/** A family that is another with something added stands before it. */
const publishedFamilies: readonly ModelFamily[] = [
  gdn2,
  kda,
  e2eRecipe,
  gptOss,
  inPlaceTtt,
  llama,
  mamba2,
  gatedDeltanet,
  ttt,
  lact,
  mamba3,
  mesanet,
]

/** The family of a model whose parameters have these names. */
export const familyOf = (names: readonly string[]): ModelFamily | undefined =>
  publishedFamilies.find(({ firstLayerHas }) => names.some((name) => name.endsWith(`.0.${firstLayerHas}`)))

export { sourceOf, type PublishedModel } from './published-model'
