import { disposeTree, read, type Tensor } from '@ttt-e2e/tensor-ops'

/** [B, n]: a tensor, or what waits for values that are being read anyway. */
export type Nats = Tensor | (() => Promise<Float32Array>)

/** The nats of a piece's tokens as they come, chunk by chunk: read back together. Owns what it is given. */
export class PieceNats {
  private readonly parts: { column: number; nats: Nats }[] = []

  /** @param columns tokens of each sequence */
  constructor(
    private readonly batch: number,
    private readonly columns: number,
  ) {}

  /** @param nats of columns [column, column + n) */
  add(column: number, nats: Nats): void {
    this.parts.push({ column, nats })
  }

  /** @returns [B, columns]: NaN where nothing was added */
  async read(): Promise<Float32Array> {
    const all = new Float32Array(this.batch * this.columns).fill(NaN)
    const values = await read(this.tensors())
    let next = 0
    for (const { column, nats } of this.parts) {
      const part = typeof nats === 'function' ? await nats() : values[next++]
      const rows = part.length / this.batch
      for (let b = 0; b < this.batch; b++)
        all.set(part.subarray(b * rows, (b + 1) * rows), b * this.columns + column)
    }
    return all
  }

  dispose(): void {
    disposeTree(this.tensors())
  }

  private tensors(): Tensor[] {
    return this.parts.flatMap(({ nats }) => (typeof nats === 'function' ? [] : [nats]))
  }
}
