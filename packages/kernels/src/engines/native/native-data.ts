import type { tf } from '@ttt-e2e/tensor-ops'

type DataType = tf.DataType
type Values = tf.backend_util.BackendValues

/** The types that live in native memory, with their bytes per value. */
export const bytesPerValue: Partial<Record<DataType, number>> = { float32: 4, int32: 4, bool: 1 }

/**
 * A tensor's data, and at the same time its id. It stands in a block of native memory, or (what a kernel of the cpu
 * backend has made) in JavaScript until a native kernel asks for it.
 */
export class NativeData {
  refCount = 1
  block = -1
  alive = true
  complexTensorInfos: { real: tf.TensorInfo; imag: tf.TensorInfo } | undefined = undefined
  own: Values | undefined

  constructor(
    readonly dtype: DataType,
    readonly size: number,
    private readonly viewOf: (data: NativeData) => Values,
  ) {}

  /** What kernels of the cpu backend read: without a copy. */
  get values(): Values | undefined {
    return this.block >= 0 ? this.viewOf(this) : this.own
  }
}
