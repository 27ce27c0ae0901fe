import type { EngineCommands } from '@ttt-e2e/tensor-ops'
import { usage, type PooledBuffer } from './buffers'
import type { Gpu } from './device'
import { mostParameters, type Part } from './kernel'
import { Pipelines } from './pipelines'

/** A parameter block's bytes, and at the same time what its offset must be a multiple of. */
export const parameterBytes = mostParameters * 4
/** Dispatches that are given to the GPU together. */
const mostDispatches = 256
/** Submits from one to the next of which it is noted when the GPU is done with it. */
const submitsBetweenMarks = 16

/** Dispatches, uploads and read-backs in their order. They are gathered and submitted together. */
export class Commands {
  readonly counts: EngineCommands = { dispatches: 0, submits: 0, readBacks: 0 }
  readonly pipelines: Pipelines
  private batch = 0
  private encoder: GPUCommandEncoder | undefined
  private pass: GPUComputePassEncoder | undefined
  private readonly parameters: GPUBuffer
  private readonly parameterWords = new Uint32Array(mostDispatches * mostParameters)
  private dispatches = 0
  /** Those of programs among what is gathered too. */
  private gathered = 0
  /** Resolve as the GPU gets there, in their order. */
  private readonly marks: Promise<void>[] = []
  private reads: PendingRead[] = []

  constructor(readonly gpu: Gpu) {
    this.pipelines = new Pipelines(gpu)
    this.parameters = gpu.device.createBuffer({
      size: mostDispatches * parameterBytes,
      usage: usage.uniform | usage.copyDestination,
    })
  }

  /** One dispatch on these buffers: the kernel's inputs, then its outputs. */
  dispatch({ kernel, parameters, groups, ranges }: Part, buffers: readonly PooledBuffer[]): void {
    if (groups.includes(0)) return
    if (this.dispatches === mostDispatches) this.flush()
    const { pipeline, layout } = this.pipelines.of(kernel)
    const slot = this.dispatches++
    this.parameterWords.set(parameters, slot * mostParameters)
    const group = this.bindGroup(layout, this.parameters, slot * parameterBytes, buffers, ranges)
    this.encode(pipeline, group, groups, buffers)
  }

  bindGroup(
    layout: GPUBindGroupLayout,
    parameters: GPUBuffer,
    offset: number,
    buffers: readonly PooledBuffer[],
    ranges: Part['ranges'],
  ): GPUBindGroup {
    const most = this.gpu.limits.maxStorageBufferBindingSize
    const bound = ({ buffer }: PooledBuffer, i: number): GPUBufferBinding => {
      const range = ranges?.[i]
      return range
        ? { buffer, offset: range.start * 4, size: range.count * 4 }
        : { buffer, size: Math.min(buffer.size, most) }
    }
    return this.gpu.device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: parameters, offset, size: parameterBytes } },
        ...buffers.map((buffer, i) => ({ binding: i + 1, resource: bound(buffer, i) })),
      ],
    })
  }

  /** A dispatch whose bind group is there. */
  encode(
    pipeline: GPUComputePipeline,
    group: GPUBindGroup,
    groups: Part['groups'],
    buffers: readonly PooledBuffer[],
  ): void {
    this.pass ??= this.commandEncoder().beginComputePass()
    this.pass.setPipeline(pipeline)
    this.pass.setBindGroup(0, group)
    this.pass.dispatchWorkgroups(...groups)
    for (const buffer of buffers) buffer.batch = this.batch
    this.counts.dispatches++
    this.gathered++
  }

  copy(from: PooledBuffer, to: PooledBuffer, bytes: number): void {
    if (bytes === 0) return
    this.endPass()
    this.commandEncoder().copyBufferToBuffer(from.buffer, 0, to.buffer, 0, bytes)
    from.batch = to.batch = this.batch
  }

  /** Writes values where commands that come later find them. */
  upload(to: PooledBuffer, values: ArrayBufferView): void {
    // It happens at once, so that what is gathered and still uses the buffer must go first.
    if (to.batch === this.batch) this.flush()
    if (values.byteLength > 0)
      this.gpu.device.queue.writeBuffer(to.buffer, 0, values.buffer, values.byteOffset, values.byteLength)
  }

  /** The first bytes of a buffer as they are now. All that are asked for in one go are waited for once. */
  read(from: PooledBuffer, bytes: number): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      const size = Math.max(bytes, 4)
      const staging = this.gpu.device.createBuffer({ size, usage: usage.mapRead | usage.copyDestination })
      this.endPass()
      this.commandEncoder().copyBufferToBuffer(from.buffer, 0, staging, 0, size)
      from.batch = this.batch
      if (this.reads.push({ staging, bytes, resolve, reject }) === 1) queueMicrotask(() => this.finishReads())
    })
  }

  private finishReads(): void {
    const { reads } = this
    this.reads = []
    this.flush()
    this.counts.readBacks++
    for (const { staging, bytes, resolve, reject } of reads)
      staging
        // The standard's number for reading.
        .mapAsync(1)
        .then(() => {
          this.gpu.check()
          const values = staging.getMappedRange().slice(0, bytes)
          staging.unmap()
          staging.destroy()
          resolve(values)
        })
        .catch((error: Error) => {
          try {
            this.gpu.check()
            reject(error)
          } catch (known) {
            reject(known as Error)
          }
        })
  }

  /** Gives the GPU what was gathered, if it is enough to be worth a submit. */
  flushMany(): void {
    if (this.gathered >= mostDispatches) this.flush()
  }

  /** Resolves once the GPU has caught up, where it is so far behind that commands would pile up. */
  behind(): Promise<void> | undefined {
    return this.marks.length > 1 ? this.marks[0] : undefined
  }

  /** Gives the GPU what was gathered. */
  flush(): void {
    if (!this.encoder) return
    this.endPass()
    const { queue } = this.gpu.device
    if (this.dispatches > 0)
      queue.writeBuffer(this.parameters, 0, this.parameterWords, 0, this.dispatches * mostParameters)
    queue.submit([this.encoder.finish()])
    if (++this.counts.submits % submitsBetweenMarks === 0) {
      const passed = () => void this.marks.shift()
      // A device that was lost is told of elsewhere.
      this.marks.push(queue.onSubmittedWorkDone().then(passed, passed))
    }
    this.encoder = undefined
    this.dispatches = this.gathered = 0
    this.batch++
  }

  private commandEncoder(): GPUCommandEncoder {
    this.gpu.check()
    return (this.encoder ??= this.gpu.device.createCommandEncoder())
  }

  private endPass(): void {
    this.pass?.end()
    this.pass = undefined
  }
}

interface PendingRead {
  staging: GPUBuffer
  bytes: number
  resolve(values: ArrayBuffer): void
  reject(error: Error): void
}
