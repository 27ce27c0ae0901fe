/**
 * How each size was trained (arXiv 2512.23675, table 3 and the released configurations). Widths and blocks are
 * `publishedSizes` of swa-transformer.
 */
export const publishedTraining = {
  '125m': { peakLearningRate: 3e-3, steps: 4800, batch: 64, extensionSteps: 120 },
  '350m': { peakLearningRate: 1.5e-3, steps: 13_500, batch: 64, extensionSteps: 337 },
  '760m': { peakLearningRate: 1.25e-3, steps: 29_000, batch: 64, extensionSteps: 725 },
  '1b': { peakLearningRate: 1e-3, steps: 50_000, batch: 64, extensionSteps: 1250 },
  '3b': { peakLearningRate: 8e-4, steps: 52_000, batch: 128, extensionSteps: 1300 },
} as const

export type PublishedSize = keyof typeof publishedTraining

/** Targets of a sequence of the first stage (table 3). */
export const pretrainLength = 8192

/**
 * The contexts that the second stage extends to, and RoPE's base there of models with full attention (released
 * configurations); all others keep 500 000.
 */
export const extensions = {
  '16k': { length: 16_384, fullAttentionTheta: 1e6 },
  '32k': { length: 32_768, fullAttentionTheta: 2e6 },
  '64k': { length: 65_536, fullAttentionTheta: 5e6 },
  '128k': { length: 131_072, fullAttentionTheta: 1e7 },
} as const

/** Peak learning rate of the second stage, for every size (released configurations). */
export const extensionLearningRate = 4e-4
