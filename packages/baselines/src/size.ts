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
  ropeTheta: number
}

/**
 * Width of the MLPs of a system with S prime MLPs beside its L own, such that all L + S hold about as many parameters
 * as L of width `intermediateSize`: a multiple of 8, as the published widths are of 128.
 */
export function widthWithPrimes({ intermediateSize, layers, suffixBlocks }: ModelSize): number {
  return Math.max(8, Math.round((intermediateSize * layers) / (layers + suffixBlocks) / 8) * 8)
}
