import type { ModelSize, SystemName } from '@ttt-e2e/baselines'
import { publishedSizes } from '@ttt-e2e/swa-transformer'

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
  '1b': { model: publishedSizes['1b'], length: 8192, decodingContext: 8192 },
} satisfies Record<string, SpeedSize>

export type SpeedSizeName = keyof typeof speedSizes

export const speedSizeNames = Object.keys(speedSizes) as SpeedSizeName[]

export const defaultSpeedSizes = ['XS', 'S', 'M'] satisfies SpeedSizeName[]

/** The systems whose speed is measured where none is named. */
export const defaultSpeedSystems = ['ttt-e2e', 'full-attention', 'swa'] satisfies SystemName[]

/** Those of them that remember no more after many tokens than after a window. */
export const constantStateSystems = ['ttt-e2e', 'swa'] satisfies SystemName[]
