import type { BlockData, BlockReader } from './data'
import type { CompiledModule } from './module'

interface BlockViews {
  float32: Float32Array
  int32: Int32Array
  bool: Uint8Array
}

/** JavaScript's views on blocks. A block keeps its place for good, so its views are made once. */
export class BlockMemory implements BlockReader {
  /** Called when JavaScript reads a tensor's values: its owner, or a kernel of the cpu backend. */
  onRead: ((data: BlockData) => void) | undefined
  private readonly buffers = new WeakSet<ArrayBufferLike>()
  private readonly blocks: BlockViews[] = []

  constructor(private readonly module: CompiledModule) {}

  views(block: number): BlockViews {
    const known = this.blocks[block]
    // Memory that grows moves into a new buffer and leaves views of length 0 behind.
    if (known !== undefined && known.bool.length > 0) return known
    const { buffer, offset, bytes } = this.module.place(block)
    this.buffers.add(buffer)
    return (this.blocks[block] = {
      float32: new Float32Array(buffer, offset, bytes / 4),
      int32: new Int32Array(buffer, offset, bytes / 4),
      bool: new Uint8Array(buffer, offset, bytes),
    })
  }

  /** The first values of a block for JavaScript to read: without a copy where the view stays valid. */
  read(block: number, dtype: keyof BlockViews, size: number): Float32Array | Int32Array | Uint8Array {
    const view = this.views(block)[dtype]
    return this.module.memoryStays ? view.subarray(0, size) : view.slice(0, size)
  }

  /** Whether the values stand in a block, which may be given to another tensor later. */
  holds(values: unknown): boolean {
    return ArrayBuffer.isView(values) && this.buffers.has(values.buffer)
  }
}
