/** The sizes of one comparison: every system is built from the same, its widths set so that parameters are equal. */
export interface ModelSize {
  vocabularySize: number
  hiddenSize: number
  heads: number
  layers: number
  /** Hidden width F of each MLP of a system without prime MLPs. */
  intermediateSize: number
  /** Blocks that learn while they read, counted from the last. */
  suffixBlocks: number
  /** Tokens a window sees, the query's own included. */
  window: number
  /** Tokens between two inner steps. */
  chunk: number
  /** Rate of the inner step. */
  innerRate: number
  /** The share of the way back to W₀ that each inner step goes, from 0 to 1; none where left out. */
  innerDecay?: number
  ropeTheta: number
}

const published = {
  vocabularySize: 128_256,
  window: 8192,
  chunk: 1024,
  innerRate: 1,
  ropeTheta: 500_000,
}

/** The published sizes (paper, table 3), by name. */
export const publishedSizes = {
  '125m': { ...published, layers: 12, hiddenSize: 768, heads: 12, intermediateSize: 2048, suffixBlocks: 3 },
  '350m': { ...published, layers: 24, hiddenSize: 1024, heads: 16, intermediateSize: 2816, suffixBlocks: 6 },
  '760m': { ...published, layers: 24, hiddenSize: 1536, heads: 16, intermediateSize: 4096, suffixBlocks: 6 },
  '1b': { ...published, layers: 24, hiddenSize: 2048, heads: 32, intermediateSize: 5376, suffixBlocks: 6 },
  '3b': { ...published, layers: 32, hiddenSize: 2560, heads: 32, intermediateSize: 6912, suffixBlocks: 8 },
} as const satisfies Record<string, ModelSize>

/**
 * Width of the MLPs of a system with S prime MLPs beside its L own, such that all L + S hold about as many parameters
 * as L of width `intermediateSize`: rounded up to a multiple of 128, as published, or to the nearest of 8 below 1024.
 */
export function widthWithPrimes({ intermediateSize, layers, suffixBlocks }: ModelSize): number {
  const width = (intermediateSize * layers) / (layers + suffixBlocks)
  return intermediateSize >= 1024 ? 128 * Math.ceil(width / 128) : 8 * Math.max(1, Math.round(width / 8))
}
