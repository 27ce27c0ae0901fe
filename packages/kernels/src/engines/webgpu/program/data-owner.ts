import type { BufferPool, PooledBuffer } from '../buffers'
import type { Commands } from '../commands'
import type { GpuData, GpuType } from '../data'

/** What programs need of the backend whose calls they replay. */
export interface DataOwner {
  readonly pool: BufferPool
  readonly commands: Commands
  dataOf(tensor: { dataId: object }): GpuData
  /** The buffer that the data stand in from now on. */
  bufferOf(data: GpuData): PooledBuffer
  /** The data of a new tensor in a buffer whose values are still to come. */
  empty(dtype: GpuType, size: number): GpuData
  /** Data of their own with the same values. */
  copyOf(data: GpuData): GpuData
  disposeData(data: GpuData): boolean
}
