/** The position of a stream, plain JSON: pass it back to the same stream to go on from there. */
export interface Cursor {
  /** The number of the first sample that has not been given out yet. */
  nextSample: number
}

/** Equally long sequences to learn from. The arrays belong to the receiver; the stream does not use them again. */
export interface Batch {
  /** [batch, length + 1] row-major; inputs are the first `length` of a row, targets the last `length`. */
  tokens: Int32Array
  /** [batch, length], 1 where the target counts in the loss. */
  mask: Uint8Array
  /**
   * [batch, length + 1], 1 where a token begins a document; only from streams whose rows hold several. What comes
   * before such a token is not to be seen from it on, and its own target doesn't count.
   */
  documentStarts?: Uint8Array
  batch: number
  length: number
  /** The position after this batch. */
  cursor: Cursor
}

/** What every stream of batches takes. */
export interface StreamOptions {
  /** Sequences per batch. */
  batch: number
  /** Targets per sequence. */
  length: number
  seed: number
  /** Where to begin; the beginning when absent. Only the same seed and length give the same continuation. */
  cursor?: Cursor
  /** When aborted, the next batch throws the signal's reason. */
  signal?: AbortSignal
}
