import type { Call } from '../../programs/buffers'
import type { GpuData } from '../data'
import type { Part } from '../kernel'

/** A kernel's call with the dispatches that it is made of. */
export interface RecordedCall extends Call<GpuData> {
  inputs: readonly GpuData[]
  outputs: readonly GpuData[]
  parts: readonly Part[]
  /** Whether it adds its two inputs, value by value. */
  isSum: boolean
}
