import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import { tf } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../size-of'
import { bytesPerValue, isBlockType, BlockData, type DataType, type BlockType, type Values } from './data'
import { BlockMemory } from './memory'
import type { CompiledModule } from './module'
import type { BlockOwner } from './program/block-owner'
import { Programs } from '../programs/programs'
import { replayingInModule } from './program/replaying'
import type { RecordedCall } from './program/recorded-call'

export type TensorInfo = tf.TensorInfo
type DataId = object

/** Finds data by its id; a tensor made here is found without a look-up, since its id is its data. */
class BlockStorage extends tf.DataStorage<BlockData> {
  count = 0

  constructor(
    backend: CompiledBackend,
    private readonly memory: BlockMemory,
  ) {
    super(backend, tf.engine())
  }

  /** Another compiled engine's data are ids like any others: their blocks stand in its module. */
  isOwn(id: DataId): id is BlockData {
    return id instanceof BlockData && id.memory === this.memory
  }
  override get(id: DataId): BlockData {
    if (!this.isOwn(id)) return super.get(id)
    // Asking for it brings back what has moved to another backend.
    if (!id.alive) super.get(id)
    return id
  }
  override has(id: DataId): boolean {
    return this.isOwn(id) ? id.alive : super.has(id)
  }
  override delete(id: DataId): boolean {
    this.count--
    if (!this.isOwn(id)) return super.delete(id)
    id.alive = false
    return true
  }
  override numDataIds(): number {
    return this.count
  }
}

/**
 * A tfjs backend whose float32, int32 and bool tensors live in a compiled module's memory. Kernels that the module has run there;
 * every other kernel is the cpu backend's, which reads through views or copies.
 */
export class CompiledBackend extends MathBackendCPU implements BlockOwner {
  readonly memoryViews: BlockMemory
  /** What records kernel calls and replays them; see tensor-ops' `program`. */
  readonly programs: Programs<BlockData, RecordedCall, number>
  private readonly storage: BlockStorage

  constructor(private readonly module: CompiledModule) {
    super()
    // tfjs advises its Node package at the first operation; the engine's own line already says what runs.
    ;(this as unknown as { firstUse: boolean }).firstUse = false
    this.memoryViews = new BlockMemory(module)
    this.storage = new BlockStorage(this, this.memoryViews)
    this.data = this.storage as unknown as typeof this.data
    this.programs = new Programs(replayingInModule(this, module))
    this.memoryViews.onRead = (data) => this.programs.current?.valuesRead(data)
  }

  /**
   * Runs a kernel and returns its outputs, those left out of `shapes` left out. All tensors are described in words
   * that the module reads, so that the call itself carries nothing.
   */
  call(
    kernel: number,
    inputs: readonly (TensorInfo | undefined)[],
    shapes: readonly (number[] | undefined)[],
    attributes: readonly number[],
    dtype: BlockType = 'float32',
    overwrites?: RecordedCall['overwrites'],
  ): TensorInfo[] {
    if (inputs.length + shapes.length > 8000) throw new Error(`a compiled kernel takes at most 8000 tensors`)
    // Uploading may write into the shared arrays or replace them, so it comes first.
    for (const input of inputs) if (input !== undefined) this.putInBlock(this.dataOf(input))
    let { words } = this.module
    const given = this.module.attributes
    words[0] = kernel
    words[1] = inputs.length
    words[2] = shapes.length
    words[3] = attributes.length
    let at = 4
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i]
      words[at++] = input === undefined ? -1 : this.dataOf(input).block
      at = describe(words, at, input === undefined ? [] : input.shape)
    }
    const firstOutput = at
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]
      words[at++] = shape === undefined ? -1 : bytesPerValue[dtype]
      at = describe(words, at, shape ?? [])
    }
    for (let i = 0; i < attributes.length; i++) given[i] = attributes[i]
    this.module.run()
    words = this.module.words
    const outputs: TensorInfo[] = []
    at = firstOutput
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]
      if (shape !== undefined) {
        outputs.push({ dataId: this.dataIn(words[at], dtype, sizeOf(shape)), shape, dtype })
      }
      at += 2 + words[at + 1]
    }
    this.programs.current?.call({
      kernel,
      inputs: inputs.map((input) => input && this.dataOf(input)),
      inputShapes: inputs.map((input) => input?.shape ?? []),
      outputs: dataByShape(shapes, outputs),
      outputShapes: shapes,
      attributes: [...attributes],
      overwrites,
    })
    return outputs
  }

  /** Whether a kernel can add an output to what stands in its place, with the same bits as an addition afterwards. */
  accumulates({ kernel, inputShapes, outputShapes, attributes }: RecordedCall, output: number): boolean {
    const { words, attributes: given } = this.module
    words.set([kernel, inputShapes.length, outputShapes.length, attributes.length])
    let at = 4
    for (const shape of [...inputShapes, ...outputShapes]) {
      words[at++] = -1
      at = describe(words, at, shape ?? [])
    }
    words[at] = output
    given.set(attributes)
    return this.module.accumulates()
  }

  dataOf({ dataId }: { dataId: DataId }): BlockData {
    return this.storage.get(dataId)
  }

  /** The data of a new tensor that stands in a block. */
  dataIn(block: number, dtype: BlockType, size: number): BlockData {
    const data = new BlockData(dtype, size, this.memoryViews)
    data.block = block
    this.storage.count++
    return data
  }

  /** Data of their own with the same values. */
  copyOf(data: BlockData): BlockData {
    this.putInBlock(data)
    const dtype = data.dtype as BlockType
    const copy = this.dataIn(this.module.allocate(data.size * bytesPerValue[dtype]), dtype, data.size)
    const values = this.memoryViews.views(data.block)[dtype].subarray(0, data.size)
    this.memoryViews.views(copy.block)[dtype].set(values)
    return copy
  }

  /** Sees to it that the data stand in a block, where kernels find them. */
  putInBlock(data: BlockData): void {
    if (data.block < 0) this.upload(data, data.own)
  }

  /** A tensor that shares another's data. */
  share({ dataId }: TensorInfo, shape: number[], dtype: DataType): TensorInfo {
    this.incRef(dataId)
    return { dataId, shape, dtype }
  }

  private upload(data: BlockData, values: Values | undefined): void {
    if (!isBlockType(data.dtype)) throw new Error(`a compiled kernel can't take a ${data.dtype} tensor`)
    const block = this.module.allocate(data.size * bytesPerValue[data.dtype])
    if (values !== undefined) this.memoryViews.views(block)[data.dtype].set(values as Float32Array)
    data.block = block
    data.own = undefined
  }

  override write(values: Values, shape: number[], dtype: DataType): DataId {
    const data = new BlockData(dtype, sizeOf(shape), this.memoryViews)
    this.storage.count++
    // A copy at once: the caller may go on writing into its array.
    if (isBlockType(dtype)) this.upload(data, values)
    else data.own = values
    this.programs.current?.made(data)
    return data
  }

  override makeTensorInfo(shape: number[], dtype: DataType, values?: Values | string[]): TensorInfo {
    if (dtype === 'string' && values?.length && typeof values[0] === 'string')
      values = (values as string[]).map((text) => tf.util.encodeString(text))
    const data = new BlockData(dtype, sizeOf(shape), this.memoryViews)
    this.storage.count++
    // A cpu kernel may return a part of its input's array; a view would outlive the block.
    if (this.memoryViews.holds(values)) this.upload(data, values as Values)
    else data.own = values as Values
    this.programs.current?.made(data)
    return { dataId: data, shape, dtype }
  }

  override move(id: DataId, values: Values, shape: number[], dtype: DataType, refCount: number): void {
    const known = this.storage.isOwn(id)
    const data = known ? id : new BlockData(dtype, sizeOf(shape), this.memoryViews)
    data.own = values
    data.refCount = refCount
    data.alive = true
    this.storage.count++
    if (!known) this.storage.set(id, data)
  }

  override readSync(id: DataId): Values {
    const data = this.storage.get(id)
    this.memoryViews.onRead?.(data)
    if (data.block < 0) return super.readSync(id)
    return this.memoryViews.views(data.block)[data.dtype as BlockType].slice(0, data.size)
  }

  /** Puts the values of float32 data into arrays, one after another; see tensor-ops' `readInto`. */
  readInto(id: DataId, parts: readonly Float32Array[]): void {
    const data = this.storage.get(id)
    this.memoryViews.onRead?.(data)
    const values = data.block < 0 ? super.readSync(id) : this.memoryViews.views(data.block).float32
    let end = 0
    for (const part of parts) part.set((values as Float32Array).subarray(end, (end += part.length)))
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
    if (data.block >= 0) this.module.release(data.block)
    data.block = -1
    data.own = undefined
    this.storage.delete(id)
    return true
  }

  override memory(): { unreliable: boolean; reasons: string[]; nativeBytes: number; reservedBytes: number } {
    const [nativeBytes, reservedBytes] = [this.module.liveBytes(), this.module.reservedBytes()]
    return { unreliable: false, reasons: [], nativeBytes, reservedBytes }
  }
}

/** For each shape its output, nothing for those left out. */
function dataByShape(shapes: readonly unknown[], outputs: readonly TensorInfo[]): (BlockData | undefined)[] {
  let next = 0
  return shapes.map((shape) => (shape === undefined ? undefined : (outputs[next++].dataId as BlockData)))
}

function describe(words: Int32Array, at: number, shape: readonly number[]): number {
  words[at++] = shape.length
  for (let d = 0; d < shape.length; d++) words[at++] = shape[d]
  return at
}
