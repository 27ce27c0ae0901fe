import type { Addon } from './addon'

interface BlockViews {
  float32: Float32Array
  int32: Int32Array
  bool: Uint8Array
}

/** JavaScript's views on native blocks. A block keeps its place for good, so its views are made once. */
export class NativeMemory {
  private readonly slabs: ArrayBuffer[] = []
  private readonly slabSet = new WeakSet<ArrayBufferLike>()
  private readonly blocks: BlockViews[] = []

  constructor(private readonly addon: Addon) {}

  views(block: number): BlockViews {
    return (this.blocks[block] ??= this.locate(block))
  }

  /** Whether the values stand in native memory, which may be given to another tensor later. */
  holds(values: unknown): boolean {
    return ArrayBuffer.isView(values) && this.slabSet.has(values.buffer)
  }

  private locate(block: number): BlockViews {
    this.addon.locate(block)
    const [index, offset, bytes] = this.addon.attributes
    let slab = this.slabs[index]
    if (!slab) {
      slab = this.slabs[index] = this.addon.slab(index)
      this.slabSet.add(slab)
    }
    return {
      float32: new Float32Array(slab, offset, bytes / 4),
      int32: new Int32Array(slab, offset, bytes / 4),
      bool: new Uint8Array(slab, offset, bytes),
    }
  }
}
