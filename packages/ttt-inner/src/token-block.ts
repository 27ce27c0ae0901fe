import { tf, type Tensor } from '@ttt-e2e/tensor-ops'

/** Tokens of sequences of one length side by side: [B, length], row-major. Never written to. */
export class TokenBlock {
  readonly length: number

  /** @throws if the tokens don't fill `batch` rows of one length */
  constructor(
    readonly tokens: Int32Array,
    readonly batch: number,
  ) {
    this.length = tokens.length / batch
    if (!Number.isInteger(this.length))
      throw new Error(`${tokens.length} tokens don't make ${batch} sequences of one length`)
  }

  static empty(batch: number): TokenBlock {
    return new TokenBlock(new Int32Array(0), batch)
  }

  /** Columns [start, end) of equally long rows. */
  static ofRows(rows: readonly ArrayLike<number>[], start = 0, end = rows[0]?.length ?? 0): TokenBlock {
    const width = end - start
    const tokens = new Int32Array(rows.length * width)
    rows.forEach((row, b) => {
      for (let i = 0; i < width; i++) tokens[b * width + i] = row[start + i]
    })
    return new TokenBlock(tokens, rows.length)
  }

  row(b: number): Int32Array {
    return this.tokens.subarray(b * this.length, (b + 1) * this.length)
  }

  rows(): Int32Array[] {
    return Array.from({ length: this.batch }, (_, b) => this.row(b))
  }

  /** Columns [start, end). */
  columns(start: number, end: number): TokenBlock {
    const width = end - start
    const tokens = new Int32Array(this.batch * width)
    for (let b = 0; b < this.batch; b++)
      tokens.set(this.tokens.subarray(b * this.length + start, b * this.length + end), b * width)
    return new TokenBlock(tokens, this.batch)
  }

  /** These columns and another block's after them. */
  followedBy(other: TokenBlock): TokenBlock {
    const width = this.length + other.length
    const tokens = new Int32Array(this.batch * width)
    for (let b = 0; b < this.batch; b++) {
      tokens.set(this.row(b), b * width)
      tokens.set(other.row(b), b * width + this.length)
    }
    return new TokenBlock(tokens, this.batch)
  }

  /** int32 [B, length]; the caller's. */
  tensor(): Tensor {
    return tf.tensor(this.tokens, [this.batch, this.length], 'int32')
  }
}
