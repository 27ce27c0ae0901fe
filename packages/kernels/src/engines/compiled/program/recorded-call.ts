import type { Call } from '../../programs/buffers'
import type { BlockData } from '../data'

/** A kernel's call as the module is told of it. */
export interface RecordedCall extends Call<BlockData> {
  kernel: number
  inputShapes: readonly (readonly number[])[]
  outputShapes: readonly (readonly number[] | undefined)[]
  attributes: readonly number[]
  /** For each output which input it may be written over. */
  overwrites?: readonly (number | undefined)[]
}
