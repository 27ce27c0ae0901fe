import type { ModelSize } from '@ttt-e2e/baselines'
import { byteTokenizer } from '@ttt-e2e/data'
import { publishedSizes } from '@ttt-e2e/swa-transformer'
import { presets, speedSizes } from '../presets'

const { languages, text } = presets.default

/** The sizes by name: those that the bench trains, those whose speed it measures, and the published ones. */
export const sizes: Record<string, ModelSize> = {
  languages: { ...languages.size, vocabularySize: languages.vocabularySize },
  books: { ...text.size, vocabularySize: byteTokenizer.vocabularySize },
  ...Object.fromEntries(Object.entries(speedSizes).map(([name, { model }]) => [name, model])),
  ...publishedSizes,
}

export const sizeNames = Object.keys(sizes)
