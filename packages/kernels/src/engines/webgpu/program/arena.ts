import { sizeClass, type BufferPool, type PooledBuffer } from '../buffers'

/** Buffers for what lives within a step: programs run one after another, so that all have the same ones. */
export class Arena {
  private readonly bySize = new Map<number, PooledBuffer[]>()

  constructor(private readonly pool: BufferPool) {}

  /** A buffer for each piece, different ones. */
  buffersFor(pieces: readonly number[]): PooledBuffer[] {
    const used = new Map<number, number>()
    return pieces.map((bytes) => {
      const size = sizeClass(bytes)
      const nth = used.get(size) ?? 0
      used.set(size, nth + 1)
      const known = this.bySize.get(size) ?? []
      this.bySize.set(size, known)
      return (known[nth] ??= this.pool.take(bytes))
    })
  }
}
