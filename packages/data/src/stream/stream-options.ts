/** The position of a stream, plain JSON: pass it back to the same stream to go on from there. */
export interface Cursor {
  /** The number of the first sample that has not been given out yet. */
  nextSample: number
}

/** What every stream of batches takes. */
export interface StreamOptions {
  /** Sequences per batch. */
  batch: number
  /** Targets per sequence. */
  length: number
  seed: number
  /** The rows of each batch that are given out, from the first up to, not including, the last; all where left out. */
  rows?: { from: number; to: number }
  /** Where to begin; the beginning when absent. Only the same seed and length give the same continuation. */
  cursor?: Cursor
  /** When aborted, the next batch throws the signal's reason. */
  signal?: AbortSignal
}
