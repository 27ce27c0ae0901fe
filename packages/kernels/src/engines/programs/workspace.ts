import { aligned } from './buffers'

/** A stretch of memory from which parts are taken and given back, the smallest free part that fits being taken. */
export class Workspace {
  /** What all parts together have needed so far. */
  bytes = 0
  private free: { offset: number; bytes: number }[] = []

  /** @param alignment of every part, in bytes */
  constructor(private readonly alignment: number) {}

  /** @returns the part's offset */
  take(wanted: number): number {
    const bytes = aligned(wanted, this.alignment)
    let best = -1
    this.free.forEach((part, i) => {
      if (part.bytes >= bytes && (best < 0 || part.bytes < this.free[best].bytes)) best = i
    })
    if (best < 0) {
      // The last free part may be grown where it ends the workspace.
      const end = this.free.findIndex((part) => part.offset + part.bytes === this.bytes)
      const offset = end < 0 ? this.bytes : this.free.splice(end, 1)[0].offset
      this.bytes = offset + bytes
      return offset
    }
    const part = this.free[best]
    const { offset } = part
    part.offset += bytes
    part.bytes -= bytes
    if (part.bytes === 0) this.free.splice(best, 1)
    return offset
  }

  /** @param taken the bytes that were asked for */
  give(offset: number, taken: number): void {
    let bytes = aligned(taken, this.alignment)
    if (bytes === 0) return
    const before = this.free.findIndex((part) => part.offset + part.bytes === offset)
    if (before >= 0) {
      bytes += this.free[before].bytes
      offset = this.free.splice(before, 1)[0].offset
    }
    const after = this.free.findIndex((part) => part.offset === offset + bytes)
    if (after >= 0) bytes += this.free.splice(after, 1)[0].bytes
    this.free.push({ offset, bytes })
  }
}
