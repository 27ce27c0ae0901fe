import type { Recipe } from '@ttt-e2e/meta-outer'

/** The widest model whose step is taken in moments. */
const widest = 1024

/** A recipe whose model has few layers, of the same kind and as wide as can be, and two chunks in a sequence. */
export function smallerRecipe(recipe: Recipe): Recipe {
  const { size, training } = recipe
  const perHead = size.hiddenSize / size.heads
  const heads = Math.max(1, Math.min(size.heads, Math.floor(widest / perHead)))
  const hiddenSize = heads * perHead
  const chunk = Math.min(size.chunk, 64)
  const layers = Math.min(size.layers, 4)
  return {
    ...recipe,
    warmStart: undefined,
    size: {
      ...size,
      heads,
      hiddenSize,
      intermediateSize: 8 * Math.ceil((size.intermediateSize * hiddenSize) / size.hiddenSize / 8),
      layers,
      suffixBlocks: Math.min(
        size.suffixBlocks,
        Math.max(1, Math.round((size.suffixBlocks * layers) / size.layers)),
      ),
      vocabularySize: Math.min(size.vocabularySize, 4096),
      window: Math.min(size.window, 128),
      chunk,
    },
    training: { ...training, batch: 1, length: 2 * chunk, microBatch: undefined, curriculum: undefined },
  }
}
