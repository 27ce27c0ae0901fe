import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import { tf } from '@ttt-e2e/tensor-ops'
import type { Addon } from './addon'
import { NativeMemory } from './memory'
import {
  bytesPerValue,
  isNativeType,
  NativeData,
  type DataType,
  type NativeType,
  type Values,
} from './native-data'

export type TensorInfo = tf.TensorInfo
type DataId = object

/** Finds data by its id; a tensor made here is found without a look-up, since its id is its data. */
class NativeStorage extends tf.DataStorage<NativeData> {
  count = 0
  override get(id: DataId): NativeData {
    if (!(id instanceof NativeData)) return super.get(id)
    // Asking for it brings back what has moved to another backend.
    if (!id.alive) super.get(id)
    return id
  }
  override has(id: DataId): boolean {
    return id instanceof NativeData ? id.alive : super.has(id)
  }
  override delete(id: DataId): boolean {
    this.count--
    if (!(id instanceof NativeData)) return super.delete(id)
    id.alive = false
    return true
  }
  override numDataIds(): number {
    return this.count
  }
}

/**
 * A tfjs backend whose float32, int32 and bool tensors live in native memory. Kernels that the addon has run there;
 * every other kernel is the cpu backend's, which reads and writes through views.
 */
export class NativeBackend extends MathBackendCPU {
  readonly memoryViews: NativeMemory
  private readonly storage: NativeStorage
  private readonly words: Int32Array
  private readonly attributes: Float64Array

  constructor(readonly addon: Addon) {
    super()
    // tfjs advises its Node package at the first operation; the engine's own line already says what runs.
    ;(this as unknown as { firstUse: boolean }).firstUse = false
    this.storage = new NativeStorage(this, tf.engine())
    this.data = this.storage as unknown as typeof this.data
    this.memoryViews = new NativeMemory(addon)
    this.words = addon.words
    this.attributes = addon.attributes
  }

  /**
   * Runs a kernel and returns its outputs, those left out of `shapes` left out. All tensors are described in words
   * that the addon reads, so that the call itself carries nothing.
   */
  call(
    kernel: number,
    inputs: readonly (TensorInfo | undefined)[],
    shapes: readonly (number[] | undefined)[],
    attributes: readonly number[],
    dtype: NativeType = 'float32',
  ): TensorInfo[] {
    const { words } = this
    if (inputs.length + shapes.length > 8000) throw new Error(`a native kernel takes at most 8000 tensors`)
    // Uploading writes into the shared arrays, so it comes first.
    for (const input of inputs) if (input !== undefined) this.blockOf(input)
    words[0] = kernel
    words[1] = inputs.length
    words[2] = shapes.length
    words[3] = attributes.length
    let at = 4
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]
      words[at++] = input === undefined ? -1 : this.storage.get(input.dataId).block
      at = input === undefined ? this.describe(at, []) : this.describe(at, input.shape)
    }
    const firstOutput = at
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]
      words[at++] = shape === undefined ? -1 : bytesPerValue[dtype]
      at = this.describe(at, shape ?? [])
    }
    for (let i = 0; i < attributes.length; i++) this.attributes[i] = attributes[i]
    this.addon.run()
    const outputs: TensorInfo[] = []
    at = firstOutput
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]
      if (shape !== undefined) {
        const data = new NativeData(dtype, sizeOf(shape), this.memoryViews)
        data.block = words[at]
        this.storage.count++
        outputs.push({ dataId: data, shape, dtype })
      }
      at += 2 + words[at + 1]
    }
    return outputs
  }

  /** A tensor that shares another's data. */
  share({ dataId }: TensorInfo, shape: number[], dtype: DataType): TensorInfo {
    this.incRef(dataId)
    return { dataId, shape, dtype }
  }

  private describe(at: number, shape: readonly number[]): number {
    this.words[at++] = shape.length
    for (let d = 0; d < shape.length; d++) this.words[at++] = shape[d]
    return at
  }

  private blockOf(info: TensorInfo): void {
    const data = this.storage.get(info.dataId)
    if (data.block < 0) this.upload(data, data.own)
  }

  private upload(data: NativeData, values: Values | undefined): void {
    if (!isNativeType(data.dtype)) throw new Error(`a native kernel can't take a ${data.dtype} tensor`)
    const block = this.addon.allocate(data.size * bytesPerValue[data.dtype])
    if (values !== undefined) this.memoryViews.views(block)[data.dtype].set(values as Float32Array)
    data.block = block
    data.own = undefined
  }

  override write(values: Values, shape: number[], dtype: DataType): DataId {
    const data = new NativeData(dtype, sizeOf(shape), this.memoryViews)
    this.storage.count++
    // A copy at once: the caller may go on writing into its array.
    if (isNativeType(dtype)) this.upload(data, values)
    else data.own = values
    return data
  }

  override makeTensorInfo(shape: number[], dtype: DataType, values?: Values | string[]): TensorInfo {
    if (dtype === 'string' && values?.length && typeof values[0] === 'string')
      values = (values as string[]).map((text) => tf.util.encodeString(text))
    const data = new NativeData(dtype, sizeOf(shape), this.memoryViews)
    this.storage.count++
    // A cpu kernel may return a part of its input's array; a view would outlive the block.
    if (this.memoryViews.holds(values)) this.upload(data, values as Values)
    else data.own = values as Values
    return { dataId: data, shape, dtype }
  }

  override move(id: DataId, values: Values, shape: number[], dtype: DataType, refCount: number): void {
    const known = id instanceof NativeData
    const data = known ? id : new NativeData(dtype, sizeOf(shape), this.memoryViews)
    data.own = values
    data.refCount = refCount
    data.alive = true
    this.storage.count++
    if (!known) this.storage.set(id, data)
  }

  override readSync(id: DataId): Values {
    const data = this.storage.get(id)
    if (data.block < 0) return super.readSync(id)
    return this.memoryViews.views(data.block)[data.dtype as NativeType].slice(0, data.size)
  }

  override refCount(id: DataId): number {
    return this.storage.has(id) ? this.storage.get(id).refCount : 0
  }
  override incRef(id: DataId): void {
    this.storage.get(id).refCount++
  }
  override decRef(id: DataId): void {
    if (this.storage.has(id)) this.storage.get(id).refCount--
  }

  override disposeData(id: DataId, force = false): boolean {
    if (!this.storage.has(id)) return true
    const data = this.storage.get(id)
    if (--data.refCount > 0 && !force) return false
    const parts = data.complexTensorInfos
    if (parts) {
      this.disposeData(parts.real.dataId, true)
      this.disposeData(parts.imag.dataId, true)
    }
    if (data.block >= 0) this.addon.release(data.block)
    data.block = -1
    data.own = undefined
    this.storage.delete(id)
    return true
  }

  override memory(): { unreliable: boolean; reasons: string[]; nativeBytes: number; reservedBytes: number } {
    const [nativeBytes, reservedBytes] = [this.addon.liveBytes(), this.addon.reservedBytes()]
    return { unreliable: false, reasons: [], nativeBytes, reservedBytes }
  }
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (let d = 0; d < shape.length; d++) size *= shape[d]
  return size
}
