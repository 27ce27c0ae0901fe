import type { BlockPlace, CompiledModule } from '../compiled/module'

/** What core/module.cc exports. */
interface Exports {
  memory: WebAssembly.Memory
  words(): number
  wordCount(): number
  attributes(): number
  attributeCount(): number
  kernelCount(): number
  kernelName(index: number): number
  run(): number
  releaseOutputs(): void
  createProgram(block: number, count: number): number
  destroyProgram(program: number): void
  runProgram(): number
  releaseUnfinished(): void
  allocate(bytes: number): number
  release(block: number): void
  address(block: number): number
  blockBytes(block: number): number
  setPoison(on: number): void
  liveBytes(): number
  reservedBytes(): number
}

/** The kernels in WebAssembly. Its memory moves to a new buffer when it grows, so views are made again when they died. */
export class WasmModule implements CompiledModule {
  readonly kernelNames: readonly string[]
  readonly memoryStays = false
  readonly release: (block: number) => void
  readonly createProgram: (block: number, count: number) => number
  readonly destroyProgram: (program: number) => void
  readonly setPoison: (on: number) => void
  readonly liveBytes: () => number
  readonly reservedBytes: () => number
  private currentWords = new Int32Array(0)
  private currentAttributes = new Float64Array(0)
  private readonly stackAtRest: number

  constructor(
    private readonly exports: Exports,
    private readonly stackPointer: WebAssembly.Global,
  ) {
    this.release = exports.release
    this.createProgram = exports.createProgram
    this.destroyProgram = exports.destroyProgram
    this.setPoison = exports.setPoison
    this.liveBytes = exports.liveBytes
    this.reservedBytes = exports.reservedBytes
    this.stackAtRest = stackPointer.value as number
    this.kernelNames = Array.from({ length: exports.kernelCount() }, (_, i) =>
      this.text(exports.kernelName(i)),
    )
  }

  get words(): Int32Array {
    if (this.currentWords.length === 0) {
      const { memory, words, wordCount } = this.exports
      this.currentWords = new Int32Array(memory.buffer, words(), wordCount())
    }
    return this.currentWords
  }

  get attributes(): Float64Array {
    if (this.currentAttributes.length === 0) {
      const { memory, attributes, attributeCount } = this.exports
      this.currentAttributes = new Float64Array(memory.buffer, attributes(), attributeCount())
    }
    return this.currentAttributes
  }

  run(): void {
    const kernel = this.words[0]
    let error = 0
    try {
      error = this.exports.run()
    } catch (trap) {
      this.recover()
      this.exports.releaseOutputs()
      throw this.explained(`the kernel ${this.kernelNames[kernel]}`, trap)
    }
    if (error !== 0) throw new Error(this.text(error))
  }

  runProgram(): void {
    const program = this.words[0]
    let error = 0
    try {
      error = this.exports.runProgram()
    } catch (trap) {
      this.recover()
      this.exports.releaseUnfinished()
      throw this.explained(`the program ${program}`, trap)
    }
    if (error !== 0) throw new Error(this.text(error))
  }

  allocate(bytes: number): number {
    try {
      return this.exports.allocate(bytes)
    } catch (trap) {
      this.recover()
      throw this.explained(`allocating ${bytes} bytes`, trap)
    }
  }

  place(block: number): BlockPlace {
    const { memory, address, blockBytes } = this.exports
    return { buffer: memory.buffer as ArrayBuffer, offset: address(block) >>> 0, bytes: blockBytes(block) }
  }

  /** A trap leaves the frames of what it stopped on the stack. */
  private recover(): void {
    this.stackPointer.value = this.stackAtRest
  }

  private explained(what: string, trap: unknown): Error {
    const mebibytes = Math.round(this.exports.memory.buffer.byteLength / 2 ** 20)
    return new Error(
      `${what} stopped in the wasm engine (${(trap as Error).message}) with ${mebibytes} MiB in use; ` +
        `it has at most 4096 MiB, so use smaller shapes if that is near`,
      { cause: trap },
    )
  }

  private text(address: number): string {
    const bytes = new Uint8Array(this.exports.memory.buffer, address >>> 0)
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)))
  }
}

/** Loads the module that stands beside this file, and beside the bundle in dist/. */
export async function loadWasm(): Promise<WasmModule> {
  const { instance } = await WebAssembly.instantiate(await readModule(), {})
  const { exports } = instance
  const initialize = exports['_initialize'] as () => void
  initialize()
  return new WasmModule(exports as unknown as Exports, exports['__stack_pointer'] as WebAssembly.Global)
}

async function readModule(): Promise<BufferSource> {
  const url = new URL('./kernels.wasm', import.meta.url)
  // Not an import: bundlers for browsers would stumble over it.
  if (url.protocol === 'file:') return process.getBuiltinModule('node:fs').readFileSync(url)
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`)
  return response.arrayBuffer()
}
