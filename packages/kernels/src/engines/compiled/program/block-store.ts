import type { tf } from '@ttt-e2e/tensor-ops'
import type { BlockData, BlockType } from '../data'
import type { BlockMemory } from '../memory'
import type { RecordedCall } from './recorded-call'

/** What programs need of the backend whose kernel calls they record and replay. */
export interface BlockStore {
  readonly memoryViews: BlockMemory
  /** Whether the kernel can add to what stands where its output will. */
  accumulates(call: RecordedCall, output: number): boolean
  dataOf(tensor: Pick<tf.TensorInfo, 'dataId'>): BlockData
  /** The data of a new tensor that stands in a block. */
  dataIn(block: number, dtype: BlockType, size: number): BlockData
  /** Data of their own with the same values. */
  copyOf(data: BlockData): BlockData
  /** Sees to it that the data stand in a block, where kernels find them. */
  putInBlock(data: BlockData): void
  disposeData(data: BlockData): boolean
}
