import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import { tf } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../size-of'
import { BufferPool, tooLarge, type PooledBuffer } from './buffers'
import { Commands } from './commands'
import { GpuData, isGpuType, mostKept, type DataType, type GpuType, type Values } from './data'
import type { Gpu } from './device'
import type { Part } from './kernel'
import type { DataOwner } from './program/data-owner'
import type { GpuPrecision } from './half'
import { Programs } from '../programs/programs'
import type { RecordedCall } from './program/recorded-call'
import { replayingCommands } from './program/replaying'
import { standardTiles, type Tiles } from './tiles'

export type TensorInfo = tf.TensorInfo
type DataId = object

/** What a kernel's output looks like. */
export interface Output {
  shape: number[]
  dtype: GpuType
}

/**
 * A tfjs backend whose float32, int32 and bool tensors live in buffers of a GPU. Values come back by `read`, which is
 * awaited; the cpu backend's kernels run on what still stands in JavaScript, and refuse the rest.
 */
export class GpuBackend extends MathBackendCPU implements DataOwner {
  readonly pool: BufferPool
  readonly commands: Commands
  /** The sizes of kernels that are called from now on; programs keep those that they were recorded with. */
  tiles: Tiles = standardTiles
  /** What products take, of kernels that are called from now on. */
  precision: GpuPrecision = 'f32'
  private readonly programsIn: Record<GpuPrecision, Programs<GpuData, RecordedCall, PooledBuffer[]>>
  private count = 0
  private readonly constants = new Map<string, GpuData>()

  constructor(readonly gpu: Gpu) {
    super()
    // tfjs advises its Node package at the first operation; the engine's own line already says what runs.
    ;(this as unknown as { firstUse: boolean }).firstUse = false
    this.data = new tf.DataStorage(this, tf.engine())
    this.pool = new BufferPool(gpu)
    this.commands = new Commands(gpu)
    this.programsIn = {
      f32: new Programs(replayingCommands(this)),
      f16: new Programs(replayingCommands(this)),
    }
  }

  /** What records kernel calls and replays them; see tensor-ops' `program`. Those of another precision aren't known to it. */
  get programs(): Programs<GpuData, RecordedCall, PooledBuffer[]> {
    return this.programsIn[this.precision]
  }

  /** Bytes that a kernel may get of a buffer. */
  get mostBound(): number {
    return this.gpu.limits.maxStorageBufferBindingSize
  }

  /**
   * Runs the dispatches of a kernel.
   *
   * @param temporary how many of the outputs, the last ones, are only passed on between the parts
   * @returns the other outputs
   */
  call(
    inputs: readonly TensorInfo[],
    outputs: readonly Output[],
    parts: readonly Part[],
    { temporary = 0, isSum = false }: { temporary?: number; isSum?: boolean } = {},
  ): TensorInfo[] {
    const given = inputs.map((input) => this.dataOf(input))
    const read = given.map((data) => this.bufferOf(data))
    const made = outputs.map(({ shape, dtype }) => this.empty(dtype, sizeOf(shape)))
    const written = made.map((data) => data.buffer!)
    this.checkSizes([...given, ...made], parts, given.length)
    for (const part of parts)
      this.commands.dispatch(part, [
        ...part.inputs.map((input) => (input < 0 ? written[-1 - input] : read[input])),
        ...part.outputs.map((output) => written[output]),
      ])
    this.programs.current?.call({ inputs: given, outputs: made, parts, isSum })
    const kept = outputs.length - temporary
    for (const data of made.slice(kept)) this.disposeData(data)
    return outputs.slice(0, kept).map(({ shape, dtype }, i) => ({ dataId: made[i], shape, dtype }))
  }

  /** @throws UserError where a part would get more of a buffer than it may */
  private checkSizes(all: readonly GpuData[], parts: readonly Part[], given: number): void {
    const most = this.mostBound
    if (all.every(({ bytes }) => bytes <= most)) return
    for (const { inputs, outputs, ranges } of parts) {
      const places = [...inputs.map((input) => (input < 0 ? given - 1 - input : input)), ...outputs.map((output) => given + output)] // prettier-ignore
      places.forEach((place, i) => {
        const range = ranges?.[i]
        const bytes = range ? range.count * 4 : all[place].bytes
        if (bytes > most) throw tooLarge(bytes, most, 'what a kernel of this GPU may get', range && 'a stretch of rows that can be cut no further,') // prettier-ignore
      })
    }
  }

  /** A tensor of numbers that a kernel needs and that never change: made once for each key, and kept. */
  constant(key: string, shape: number[], make: () => Float32Array): TensorInfo {
    let data = this.constants.get(key)
    if (!data) {
      data = this.empty('float32', sizeOf(shape))
      this.commands.upload(data.buffer!, make())
      this.constants.set(key, data)
    }
    if (!this.programs.current?.knows(data)) this.programs.current?.made(data)
    return { dataId: data, shape, dtype: 'float32' }
  }

  dataOf({ dataId }: { dataId: DataId }): GpuData {
    return this.data.get(dataId) as unknown as GpuData
  }

  /** The buffer that the data stand in from now on. */
  bufferOf(data: GpuData): PooledBuffer {
    if (data.buffer) return data.buffer
    if (!isGpuType(data.dtype))
      throw new Error(`a kernel of the engine 'webgpu' can't take a ${data.dtype} tensor`)
    data.buffer = this.pool.take(data.bytes)
    if (data.own !== undefined) this.commands.upload(data.buffer, wordsOf(data.own, data.dtype))
    if (data.size > mostKept) data.own = undefined
    return data.buffer
  }

  /** The data of a new tensor in a buffer whose values are still to come. */
  empty(dtype: GpuType, size: number): GpuData {
    const data = this.track(dtype, size)
    data.buffer = this.pool.take(data.bytes)
    return data
  }

  /** Data of their own with the same values. */
  copyOf(data: GpuData): GpuData {
    const copy = this.empty(data.dtype as GpuType, data.size)
    this.commands.copy(this.bufferOf(data), copy.buffer!, data.bytes)
    return copy
  }

  /** A tensor that shares another's data. */
  share({ dataId }: TensorInfo, shape: number[], dtype: DataType): TensorInfo {
    this.incRef(dataId)
    return { dataId, shape, dtype }
  }

  private track(dtype: DataType, size: number, id?: DataId): GpuData {
    const data = new GpuData(dtype, size, (read) => this.programs.current?.valuesRead(read))
    this.count++
    this.data.set(id ?? data, data as never)
    return data
  }

  override write(values: Values, shape: number[], dtype: DataType): DataId {
    const data = this.track(dtype, sizeOf(shape))
    // A copy: the caller may go on writing into its array.
    data.own = values?.slice() as Values
    if (data.size > mostKept && isGpuType(dtype)) this.bufferOf(data)
    this.programs.current?.made(data)
    return data
  }

  override makeTensorInfo(shape: number[], dtype: DataType, values?: Values | string[]): TensorInfo {
    if (dtype === 'string' && values?.length && typeof values[0] === 'string')
      values = (values as string[]).map((text) => tf.util.encodeString(text))
    const data = this.track(dtype, sizeOf(shape))
    data.own = values as Values
    this.programs.current?.made(data)
    return { dataId: data, shape, dtype }
  }

  override move(id: DataId, values: Values, shape: number[], dtype: DataType, refCount: number): void {
    const data = this.track(dtype, sizeOf(shape), id)
    data.own = values
    data.refCount = refCount
  }

  override readSync(id: DataId): Values {
    const data = this.dataOf({ dataId: id })
    if (data.own === undefined) this.gpu.check()
    return data.values.slice() as Values
  }

  /** What JavaScript gave, as long as it is kept. */
  valuesAtHand(id: DataId): Values | undefined {
    return this.dataOf({ dataId: id }).own
  }

  override async read(id: DataId): Promise<Values> {
    const data = this.dataOf({ dataId: id })
    if (data.own !== undefined || !data.buffer) return this.readSync(id)
    this.programs.current?.valuesRead(data)
    return valuesOf(await this.commands.read(data.buffer, data.bytes), data.dtype as GpuType)
  }

  override refCount(id: DataId): number {
    return this.data.has(id) ? this.dataOf({ dataId: id }).refCount : 0
  }
  override incRef(id: DataId): void {
    this.dataOf({ dataId: id }).refCount++
  }
  override decRef(id: DataId): void {
    if (this.data.has(id)) this.dataOf({ dataId: id }).refCount--
  }
  override numDataIds(): number {
    return this.count
  }

  override disposeData(id: DataId, force = false): boolean {
    if (!this.data.has(id)) return true
    const data = this.dataOf({ dataId: id })
    if (--data.refCount > 0 && !force) return false
    const parts = data.complexTensorInfos
    if (parts) {
      this.disposeData(parts.real.dataId, true)
      this.disposeData(parts.imag.dataId, true)
    }
    if (data.buffer) this.pool.give(data.buffer)
    data.buffer = undefined
    data.own = undefined
    this.data.delete(id)
    this.count--
    return true
  }

  override memory(): { unreliable: boolean; reasons: string[] } {
    return { unreliable: false, reasons: [] }
  }
}

/** As kernels take them: four bytes each. */
function wordsOf(values: Values, dtype: GpuType): ArrayBufferView {
  if (dtype === 'float32')
    return values instanceof Float32Array ? values : Float32Array.from(values as unknown as number[])
  return values instanceof Int32Array ? values : Int32Array.from(values as unknown as number[])
}

function valuesOf(words: ArrayBuffer, dtype: GpuType): Values {
  if (dtype === 'float32') return new Float32Array(words)
  const integers = new Int32Array(words)
  return dtype === 'int32' ? integers : Uint8Array.from(integers)
}
