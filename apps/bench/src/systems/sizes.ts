import type { ModelSize } from '@ttt-e2e/baselines'
import { publishedSizes } from '@ttt-e2e/swa-transformer'
import { presets } from '../experiment/presets'
import { speedSizes } from '../timing/sizes'

const { languages, books } = presets.default

/** The sizes by name: those that the bench trains, those whose speed it measures, and the published ones. */
export const sizes: Record<string, ModelSize> = {
  languages: languages.recipe.size,
  books: books.recipe.size,
  ...Object.fromEntries(Object.entries(speedSizes).map(([name, { model }]) => [name, model])),
  ...publishedSizes,
}

export const sizeNames = Object.keys(sizes)
