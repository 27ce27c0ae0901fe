/** Equally long sequences to learn from, as streams of data give them out. The arrays belong to whoever receives them. */
export interface Batch<Cursor = unknown> {
  /** [batch, length + 1], row-major: inputs are the first `length` of a row, targets the last `length`. */
  tokens: Int32Array
  /** [batch, length]: 1 where the target counts in the loss. */
  mask: Uint8Array
  /**
   * [batch, length + 1]: 1 where a token begins a document; absent where each row is one. A document is read from W₀
   * and empty states: what comes before is not seen from it on, and its first token is nobody's target.
   */
  documentStarts?: Uint8Array
  batch: number
  length: number
  /** The stream's position after this batch, plain JSON. */
  cursor: Cursor
}
