import { UserError, type tf } from '@ttt-e2e/tensor-ops'
import type { PooledBuffer } from './buffers'

export type DataType = tf.DataType
export type Values = tf.backend_util.BackendValues

/** The types that kernels take. Every value takes four bytes there. */
export type GpuType = 'float32' | 'int32' | 'bool'
export const isGpuType = (dtype: DataType): dtype is GpuType =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool'

/** Up to so many values stay in JavaScript too, where kernels that look at them, positions for example, find them. */
export const mostKept = 1024

/** A tensor's data, and at the same time its id: in a buffer, in JavaScript until a kernel asks for it, or in both. */
export class GpuData {
  refCount = 1
  buffer: PooledBuffer | undefined
  own: Values | undefined
  complexTensorInfos: { real: tf.TensorInfo; imag: tf.TensorInfo } | undefined

  constructor(
    readonly dtype: DataType,
    readonly size: number,
    private readonly onRead: (data: GpuData) => void,
  ) {}

  get bytes(): number {
    return this.size * 4
  }

  /** What JavaScript, kernels of the cpu backend too, reads without waiting. */
  get values(): Values {
    this.onRead(this)
    if (this.own !== undefined) return this.own
    throw new UserError(
      "the engine 'webgpu' can't give values without waiting, and has no kernel of its own for this step: " +
        'await tensor.data(), or take another engine',
    )
  }
}
