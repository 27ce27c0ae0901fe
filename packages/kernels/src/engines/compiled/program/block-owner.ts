import type { BlockData, BlockType } from '../data'
import type { BlockMemory } from '../memory'
import type { RecordedCall } from './recorded-call'

/** What programs need of the backend whose calls they replay. */
export interface BlockOwner {
  readonly memoryViews: BlockMemory
  dataOf(tensor: { dataId: object }): BlockData
  /** The data of a new tensor that stands in a block. */
  dataIn(block: number, dtype: BlockType, size: number): BlockData
  /** Data of their own with the same values. */
  copyOf(data: BlockData): BlockData
  putInBlock(data: BlockData): void
  disposeData(data: BlockData): boolean
  /** Whether a kernel can add an output to what stands in its place, with the same bits as an addition afterwards. */
  accumulates(call: RecordedCall, output: number): boolean
}
