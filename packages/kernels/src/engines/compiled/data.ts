import type { tf } from '@ttt-e2e/tensor-ops'

export type DataType = tf.DataType
export type Values = tf.backend_util.BackendValues

/** The types that live in blocks, with their bytes per value. */
export type BlockType = 'float32' | 'int32' | 'bool'
export const bytesPerValue: Record<BlockType, number> = { float32: 4, int32: 4, bool: 1 }
export const isBlockType = (dtype: DataType): dtype is BlockType => dtype in bytesPerValue

/** Where data in a block are read. */
export interface BlockReader {
  /** Called when JavaScript reads a tensor's values. */
  onRead: ((data: BlockData) => void) | undefined
  /** The first values of a block. */
  read(block: number, dtype: BlockType, size: number): Float32Array | Int32Array | Uint8Array
}

/**
 * A tensor's data, and at the same time its id. It stands in a block of the module's memory, or (what a kernel
 * of the cpu backend has made) in JavaScript until a compiled kernel asks for it.
 */
export class BlockData {
  refCount = 1
  block = -1
  alive = true
  own: Values | undefined = undefined
  complexTensorInfos: { real: tf.TensorInfo; imag: tf.TensorInfo } | undefined = undefined

  constructor(
    readonly dtype: DataType,
    readonly size: number,
    /** Where its block stands. */
    readonly memory: BlockReader,
  ) {}

  /** Of its values in a block. */
  get bytes(): number {
    return this.size * bytesPerValue[this.dtype as BlockType]
  }

  /** What kernels of the cpu backend read. */
  get values(): Values | undefined {
    this.memory.onRead?.(this)
    if (this.block < 0) return this.own
    return this.memory.read(this.block, this.dtype as BlockType, this.size)
  }
}
