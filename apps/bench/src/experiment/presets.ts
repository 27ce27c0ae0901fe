import type { ModelSize, SystemName } from '@ttt-e2e/baselines'
import { standardCurriculum, standardOptimizer, standardSchedule, type Recipe } from '@ttt-e2e/meta-outer'
import { recipes } from '@ttt-e2e/training'
import { sweptRates } from '../rates/swept-rates'
import type { SystemRate } from '../rates/system-rate'

/** Training at the peak rate until the convergence rule says so, at full length at least the recipe's steps, and then a cool-down. */
export interface UntilConverged {
  checkEvery: number
  mostSteps: number
  cooldownSteps: number
}

/** What every system is trained by on a task, whatever its own system and seed. */
export interface TaskPreset {
  recipe: Recipe
  /** Peak rates of systems; the recipe's for those that have none. */
  rates?: Record<string, SystemRate>
  untilConverged?: UntilConverged
}

/** What is trained. What is measured of it stands in `probe-sizes.ts`. */
export interface Preset {
  summary: string
  /** Of each system, where `--seeds` doesn't say; 1 where left out. */
  seeds?: number
  languages: TaskPreset
  /** Of the npm books, and of a text that the user brings. */
  books: TaskPreset
}

interface Changes {
  size?: Partial<ModelSize>
  length?: number
  batch: number
  peakLearningRate?: number
  /** Targets of the first sequences; all are of full length where left out. */
  shortest?: number
  steps: number
  documents?: number
  /** How many times as long as its training sequences held-out documents are; 4 where left out. */
  times?: number
}

/** A recipe of the trainer with the numbers of a preset. */
function vary(
  recipe: Recipe,
  {
    size,
    length = recipe.training.length,
    batch,
    peakLearningRate = 3e-3,
    shortest,
    steps,
    documents = 32,
    times = 4,
  }: Changes,
): Recipe {
  const optimizer = standardOptimizer(standardSchedule(steps, peakLearningRate))
  return {
    ...recipe,
    size: { ...recipe.size, ...size },
    training: {
      length,
      batch,
      ...(shortest !== undefined && { curriculum: standardCurriculum(steps, shortest) }),
      optimizer,
      seed: 0,
    },
    evaluation: { documents, length: times * length, every: steps },
  }
}

const languages = recipes.get('tiny/languages')!
const books = recipes.get('tiny/books')!

/** Of models of the sizes that the sweep has; the preset tiny's are others. */
const rates = { languages: sweptRates('languages'), books: sweptRates('books') }

/**
 * How training begins, and the peak rate of systems that the sweep hasn't measured. Of languages: most symbols come a second
 * time in 16; shorter sequences have too little to copy, longer ones too much to copy from.
 */
const gently = { languages: { shortest: 16, peakLearningRate: 2e-3 }, books: { shortest: 128 } }

const tinySize = { hiddenSize: 16, heads: 2, layers: 2, intermediateSize: 48 }
const tinyTraining = { length: 64, batch: 4, peakLearningRate: 5e-3, steps: 40, documents: 8 }
const untilConverged = { checkEvery: 250, mostSteps: 100_000, cooldownSteps: 500 }

/** Everything that a name on the command line stands for. */
export const presets = {
  tiny: {
    summary: 'a few minutes in plain JavaScript: shows that everything runs, too small to compare systems',
    languages: {
      recipe: vary(languages, { ...tinyTraining, size: { ...tinySize, vocabularySize: 8 } }),
    },
    books: {
      recipe: vary(books, { ...tinyTraining, size: { ...tinySize, window: 16, chunk: 16 } }),
    },
  },
  quick: {
    summary: 'at most 90 seconds on two cores with the native engine',
    languages: {
      recipe: vary(languages, { batch: 8, steps: 60, documents: 16 }),
      rates: rates.languages,
    },
    books: {
      recipe: vary(books, { length: 512, batch: 4, steps: 40, documents: 16 }),
      rates: rates.books,
    },
  },
  default: {
    summary: 'on two cores about four minutes with the engine native, eleven with wasm',
    languages: {
      recipe: vary(languages, { ...gently.languages, batch: 4, steps: 1000 }),
      rates: rates.languages,
    },
    books: {
      recipe: vary(books, { ...gently.books, batch: 2, steps: 650 }),
      rates: rates.books,
    },
  },
  standard: {
    summary: 'every probe; on two cores with the native engine about half an hour',
    languages: {
      recipe: vary(languages, { ...gently.languages, batch: 8, steps: 1000, times: 16 }),
      rates: rates.languages,
    },
    books: {
      recipe: vary(books, { ...gently.books, batch: 4, steps: 800, documents: 16, times: 16 }),
      rates: rates.books,
    },
  },
  full: {
    summary: 'every system is trained until it has converged, with three seeds; hours',
    seeds: 3,
    languages: {
      recipe: vary(languages, {
        ...gently.languages,
        batch: 16,
        steps: 2000,
        documents: 64,
        times: 16,
      }),
      rates: rates.languages,
      untilConverged,
    },
    books: {
      recipe: vary(books, { ...gently.books, batch: 4, steps: 2000, times: 16 }),
      rates: rates.books,
      untilConverged,
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
