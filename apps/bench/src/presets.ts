import type { ModelSize, SystemName } from '@ttt-e2e/baselines'
import { publishedSizes } from '@ttt-e2e/swa-transformer'

export interface TrainingPreset {
  /** Tokens of a training sequence. */
  length: number
  /** Sequences per step. */
  batch: number
  peakLearningRate: number
  /** Steps of each system; with `untilConverged` the fewest. */
  steps: number
  /** Train at the peak rate until the convergence rule says so, then cool down. */
  untilConverged?: { checkEvery: number; mostSteps: number; cooldownSteps: number }
}

export interface ReadingPreset {
  /** The longest context whose reading is timed; the shortest is 64. */
  longestContext: number
  /** Times that each system reads it. */
  repeats: number
}

export interface TaskPreset {
  size: Omit<ModelSize, 'vocabularySize'>
  training: TrainingPreset
  /** Held-out documents, each read over 4 × the training length. */
  evaluationDocuments: number
  reading: ReadingPreset
}

export interface LanguagesPreset extends TaskPreset {
  vocabularySize: number
  /** Equally likely followers of each symbol. */
  successors: number
}

export interface Preset {
  summary: string
  languages: LanguagesPreset
  /** Of the npm books, and of a text that the user brings. */
  text: TaskPreset
}

const languages = {
  vocabularySize: 16,
  successors: 2,
  size: {
    hiddenSize: 64,
    heads: 2,
    layers: 4,
    intermediateSize: 160,
    suffixBlocks: 1,
    window: 8,
    chunk: 8,
    innerRate: 1,
    ropeTheta: 500_000,
  },
  training: { length: 256, batch: 4, peakLearningRate: 3e-3, steps: 800 },
  evaluationDocuments: 32,
  reading: { longestContext: 4096, repeats: 2 },
} satisfies LanguagesPreset

const text = {
  size: {
    hiddenSize: 96,
    heads: 3,
    layers: 4,
    intermediateSize: 240,
    suffixBlocks: 1,
    window: 64,
    chunk: 32,
    innerRate: 1,
    ropeTheta: 500_000,
  },
  training: { length: 1024, batch: 2, peakLearningRate: 3e-3, steps: 650 },
  evaluationDocuments: 32,
  reading: { longestContext: 8192, repeats: 2 },
} satisfies TaskPreset

/** Everything that a name on the command line stands for. */
export const presets = {
  tiny: {
    summary: 'a few minutes in plain JavaScript: shows that everything runs, too small to compare systems',
    languages: {
      ...languages,
      vocabularySize: 8,
      size: { ...languages.size, hiddenSize: 16, layers: 2, intermediateSize: 48 },
      training: { length: 64, batch: 4, peakLearningRate: 5e-3, steps: 40 },
      evaluationDocuments: 8,
      reading: { longestContext: 512, repeats: 1 },
    },
    text: {
      ...text,
      size: {
        ...text.size,
        hiddenSize: 16,
        heads: 2,
        layers: 2,
        intermediateSize: 48,
        window: 16,
        chunk: 16,
      },
      training: { length: 64, batch: 4, peakLearningRate: 5e-3, steps: 40 },
      evaluationDocuments: 8,
      reading: { longestContext: 1024, repeats: 1 },
    },
  },
  quick: {
    summary: 'at most 90 seconds on two cores with the native engine',
    languages: {
      ...languages,
      training: { ...languages.training, batch: 8, steps: 60 },
      evaluationDocuments: 16,
      reading: { longestContext: 1024, repeats: 1 },
    },
    text: {
      ...text,
      training: { ...text.training, length: 512, batch: 4, steps: 40 },
      evaluationDocuments: 16,
      reading: { longestContext: 4096, repeats: 1 },
    },
  },
  default: {
    summary: 'on two cores about four minutes with the engine native, eleven with wasm',
    languages,
    text,
  },
  full: {
    summary: 'every system is trained until it has converged; hours',
    languages: {
      ...languages,
      training: {
        ...languages.training,
        batch: 16,
        steps: 2000,
        untilConverged: { checkEvery: 250, mostSteps: 100_000, cooldownSteps: 500 },
      },
      evaluationDocuments: 64,
    },
    text: {
      ...text,
      training: {
        ...text.training,
        batch: 4,
        steps: 2000,
        untilConverged: { checkEvery: 250, mostSteps: 100_000, cooldownSteps: 500 },
      },
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

/** What a speed is measured at. */
export interface SpeedSize {
  model: ModelSize
  /** Hidden width of the MLPs of a system with prime MLPs, where it isn't the rule's. */
  widthWithPrimes?: number
  /** Tokens of a training sequence, and of what is read. */
  length: number
  /** Tokens read before decoding. */
  decodingContext: number
}

/** Sizes whose speed is measured: shapes that other implementations are measured at, too. */
export const speedSizes = {
  XS: {
    model: {
      vocabularySize: 256,
      hiddenSize: 64,
      heads: 2,
      layers: 4,
      intermediateSize: 160,
      suffixBlocks: 1,
      window: 32,
      chunk: 32,
      innerRate: 1,
      ropeTheta: 500_000,
    },
    length: 512,
    decodingContext: 512,
  },
  S: {
    model: {
      vocabularySize: 1024,
      hiddenSize: 256,
      heads: 4,
      layers: 6,
      intermediateSize: 704,
      suffixBlocks: 2,
      window: 256,
      chunk: 64,
      innerRate: 1,
      ropeTheta: 500_000,
    },
    length: 1024,
    decodingContext: 1024,
  },
  M: {
    model: {
      vocabularySize: 8192,
      hiddenSize: 512,
      heads: 8,
      layers: 8,
      intermediateSize: 1408,
      suffixBlocks: 2,
      window: 512,
      chunk: 128,
      innerRate: 1,
      ropeTheta: 500_000,
    },
    widthWithPrimes: 1128,
    length: 2048,
    decodingContext: 1024,
  },
  '125m': { model: publishedSizes['125m'], length: 8192, decodingContext: 8192 },
} satisfies Record<string, SpeedSize>

export type SpeedSizeName = keyof typeof speedSizes

export const speedSizeNames = Object.keys(speedSizes) as SpeedSizeName[]

export const defaultSpeedSizes = ['XS', 'S', 'M'] satisfies SpeedSizeName[]

/** The systems whose speed is measured where none is named. */
export const defaultSpeedSystems = ['ttt-e2e', 'full-attention', 'swa'] satisfies SystemName[]

/** Those of them that remember no more after many tokens than after a window. */
export const constantStateSystems = ['ttt-e2e', 'swa'] satisfies SystemName[]
