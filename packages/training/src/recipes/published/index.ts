import type { Recipe } from '@ttt-e2e/meta-outer'
import { extend, type Extension } from './extend'
import { pretrain8k } from './pretrain'
import { extensions, publishedTraining, type PublishedSize } from './sizes'

const names = Object.keys(publishedTraining) as PublishedSize[]
const contexts = Object.keys(extensions) as Extension[]

/** Both stages of every published size. */
export const publishedRecipes: readonly Recipe[] = names.flatMap((size) => [
  pretrain8k(size),
  ...contexts.map((context) => extend(size, context)),
])

/** A published recipe as it is for another system: where full attention is extended, RoPE turns more slowly. */
export function forSystem(recipe: Recipe, system: string): Recipe {
  const [, context] = /\/extend-(\w+)$/.exec(recipe.name) ?? []
  const isExtension = publishedRecipes.includes(recipe) && context !== undefined
  if (!isExtension || system !== 'full-attention') return { ...recipe, system }
  const { fullAttentionTheta: ropeTheta } = extensions[context as Extension]
  return { ...recipe, system, size: { ...recipe.size, ropeTheta } }
}
