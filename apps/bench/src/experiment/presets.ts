import type { ModelSize, SystemName } from '@ttt-e2e/baselines'
import { standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { recipes } from '@ttt-e2e/training'

/** Training at the peak rate until the convergence rule says so, at least the recipe's steps, and then a cool-down. */
export interface UntilConverged {
  checkEvery: number
  mostSteps: number
  cooldownSteps: number
}

export interface ReadingPreset {
  /** The longest context whose reading is timed; the shortest is 64. */
  longestContext: number
  /** Times that each system reads it. */
  repeats: number
}

/** What every system is trained by on a task, whatever its own system and seed, and how far its reading is timed. */
export interface TaskPreset {
  /** Its held-out documents are 4 × as long as its training sequences. */
  recipe: Recipe
  untilConverged?: UntilConverged
  reading: ReadingPreset
}

export interface Preset {
  summary: string
  languages: TaskPreset
  /** Of the npm books, and of a text that the user brings. */
  books: TaskPreset
}

interface Changes {
  size?: Partial<ModelSize>
  length?: number
  batch: number
  peakLearningRate?: number
  steps: number
  documents?: number
}

/** A recipe of the trainer with the numbers of a preset. */
function vary(
  recipe: Recipe,
  { size, length = recipe.training.length, batch, peakLearningRate = 3e-3, steps, documents = 32 }: Changes,
): Recipe {
  const optimizer = standardOptimizer(standardSchedule(steps, peakLearningRate))
  return {
    ...recipe,
    size: { ...recipe.size, ...size },
    training: { length, batch, optimizer, seed: 0 },
    evaluation: { documents, length: 4 * length, every: steps },
  }
}

const languages = recipes.get('tiny/languages')!
const books = recipes.get('tiny/books')!

const tinySize = { hiddenSize: 16, heads: 2, layers: 2, intermediateSize: 48 }
const tinyTraining = { length: 64, batch: 4, peakLearningRate: 5e-3, steps: 40, documents: 8 }
const untilConverged = { checkEvery: 250, mostSteps: 100_000, cooldownSteps: 500 }

/** Everything that a name on the command line stands for. */
export const presets = {
  tiny: {
    summary: 'a few minutes in plain JavaScript: shows that everything runs, too small to compare systems',
    languages: {
      recipe: vary(languages, { ...tinyTraining, size: { ...tinySize, vocabularySize: 8 } }),
      reading: { longestContext: 512, repeats: 1 },
    },
    books: {
      recipe: vary(books, { ...tinyTraining, size: { ...tinySize, window: 16, chunk: 16 } }),
      reading: { longestContext: 1024, repeats: 1 },
    },
  },
  quick: {
    summary: 'at most 90 seconds on two cores with the native engine',
    languages: {
      recipe: vary(languages, { batch: 8, steps: 60, documents: 16 }),
      reading: { longestContext: 1024, repeats: 1 },
    },
    books: {
      recipe: vary(books, { length: 512, batch: 4, steps: 40, documents: 16 }),
      reading: { longestContext: 4096, repeats: 1 },
    },
  },
  default: {
    summary: 'on two cores about four minutes with the engine native, eleven with wasm',
    languages: {
      recipe: vary(languages, { batch: 4, steps: 800 }),
      reading: { longestContext: 4096, repeats: 2 },
    },
    books: {
      recipe: vary(books, { batch: 2, steps: 650 }),
      reading: { longestContext: 8192, repeats: 2 },
    },
  },
  full: {
    summary: 'every system is trained until it has converged; hours',
    languages: {
      recipe: vary(languages, { batch: 16, steps: 2000, documents: 64 }),
      untilConverged,
      reading: { longestContext: 4096, repeats: 2 },
    },
    books: {
      recipe: vary(books, { batch: 4, steps: 2000 }),
      untilConverged,
      reading: { longestContext: 8192, repeats: 2 },
    },
  },
} satisfies Record<string, Preset>

export type PresetName = keyof typeof presets

export const presetNames = Object.keys(presets) as PresetName[]

/** The systems of a run that names none. */
export const defaultSystems = [
  'ttt-e2e',
  'full-attention',
  'swa',
  'ttt-static',
  'ttt-off',
  'ttt-naive',
] satisfies SystemName[]
