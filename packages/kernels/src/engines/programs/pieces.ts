import { aligned } from './buffers'

/** Pieces of memory that are taken and given back whole, the smallest free one that fits being taken. */
export class Pieces {
  /** The bytes of each. */
  readonly sizes: number[] = []
  private readonly free = new Set<number>()

  /** @param alignment of every size, in bytes */
  constructor(private readonly alignment: number) {}

  /** What all pieces together have. */
  get bytes(): number {
    return this.sizes.reduce((sum, size) => sum + size, 0)
  }

  /** @returns the piece's number */
  take(wanted: number): number {
    const bytes = aligned(wanted, this.alignment)
    let best = -1
    for (const piece of this.free)
      if (this.sizes[piece] >= bytes && (best < 0 || this.sizes[piece] < this.sizes[best])) best = piece
    if (best < 0) return this.sizes.push(bytes) - 1
    this.free.delete(best)
    return best
  }

  give(piece: number): void {
    this.free.add(piece)
  }
}
