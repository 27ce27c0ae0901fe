import type { tf } from '@ttt-e2e/tensor-ops'
import type { NativeMemory } from './memory'

export type DataType = tf.DataType
export type Values = tf.backend_util.BackendValues

/** The types that live in native memory, with their bytes per value. */
export type NativeType = 'float32' | 'int32' | 'bool'
export const bytesPerValue: Record<NativeType, number> = { float32: 4, int32: 4, bool: 1 }
export const isNativeType = (dtype: DataType): dtype is NativeType => dtype in bytesPerValue

/**
 * A tensor's data, and at the same time its id. It stands in a block of native memory, or (what a kernel of the cpu
 * backend has made) in JavaScript until a native kernel asks for it.
 */
export class NativeData {
  refCount = 1
  block = -1
  alive = true
  own: Values | undefined = undefined
  complexTensorInfos: { real: tf.TensorInfo; imag: tf.TensorInfo } | undefined = undefined

  constructor(
    readonly dtype: DataType,
    readonly size: number,
    private readonly memory: NativeMemory,
  ) {}

  /** What kernels of the cpu backend read: without a copy. */
  get values(): Values | undefined {
    if (this.block < 0) return this.own
    return this.memory.views(this.block)[this.dtype as NativeType].subarray(0, this.size)
  }
}
