import type { BlockPlace, CompiledModule } from '../compiled/module'
import type { Addon } from './addon'

/** The addon as the compiled module that the backend runs on. */
export class NativeModule implements CompiledModule {
  readonly kernelNames: readonly string[]
  readonly words: Int32Array
  readonly attributes: Float64Array
  readonly memoryStays = true
  readonly run: () => void
  readonly accumulates: () => boolean
  readonly allocate: (bytes: number) => number
  readonly release: (block: number) => void
  readonly createProgram: (block: number, count: number) => number
  readonly destroyProgram: (program: number) => void
  readonly runProgram: () => void
  readonly liveBytes: () => number
  readonly reservedBytes: () => number
  private readonly slabs: ArrayBuffer[] = []

  constructor(private readonly addon: Addon) {
    this.kernelNames = addon.kernelNames
    this.words = addon.words
    this.attributes = addon.attributes
    this.run = addon.run
    this.accumulates = addon.accumulates
    this.allocate = addon.allocate
    this.release = addon.release
    this.createProgram = addon.createProgram
    this.destroyProgram = addon.destroyProgram
    this.runProgram = addon.runProgram
    this.liveBytes = addon.liveBytes
    this.reservedBytes = addon.reservedBytes
  }

  place(block: number): BlockPlace {
    this.addon.locate(block)
    const [slab, offset, bytes] = this.attributes
    return { buffer: (this.slabs[slab] ??= this.addon.slab(slab)), offset, bytes }
  }
}
