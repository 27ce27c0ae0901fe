import type { BlockPlace, CompiledModule } from '../compiled/module'
import { isShared, maySleep, newMemory, startWorker, whyNotShared } from './host'

/** What core/module.cc exports. */
interface Exports {
  words(): number
  wordCount(): number
  attributes(): number
  attributeCount(): number
  kernelCount(): number
  kernelName(index: number): number
  run(): number
  accumulates(): number
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
  setThreads(count: number): void
  letCallerSleep(): void
  newWorkerMemory(): number
  workerMemoryBytes(): number
  stopTasks(): number
}

/**
 * The kernels in WebAssembly. Memory that isn't shared moves to a new buffer when it grows, so views are made again when
 * they died; shared memory grows in place, and views on it stay valid.
 */
export class WasmModule implements CompiledModule {
  readonly kernelNames: readonly string[]
  readonly memoryStays: boolean
  readonly release: (block: number) => void
  readonly createProgram: (block: number, count: number) => number
  readonly destroyProgram: (program: number) => void
  readonly setPoison: (on: number) => void
  readonly liveBytes: () => number
  readonly reservedBytes: () => number
  private currentWords = new Int32Array(0)
  private currentAttributes = new Float64Array(0)
  private readonly stackAtRest: number
  private workers = 0
  /** Why there can't be more. */
  private refused: string | undefined

  constructor(
    private readonly exports: Exports,
    private readonly stackPointer: WebAssembly.Global,
    private readonly memory: WebAssembly.Memory,
    private readonly module: WebAssembly.Module,
  ) {
    this.memoryStays = isShared(memory)
    if (!this.memoryStays) this.refused = whyNotShared()
    else if (maySleep()) exports.letCallerSleep()
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
      const { words, wordCount } = this.exports
      this.currentWords = new Int32Array(this.memory.buffer, words(), wordCount())
    }
    return this.currentWords
  }

  get attributes(): Float64Array {
    if (this.currentAttributes.length === 0) {
      const { attributes, attributeCount } = this.exports
      this.currentAttributes = new Float64Array(this.memory.buffer, attributes(), attributeCount())
    }
    return this.currentAttributes
  }

  run(): void {
    const kernel = this.words[0]
    let error = 0
    try {
      error = this.exports.run()
    } catch (trap) {
      const reason = this.recover(trap)
      this.exports.releaseOutputs()
      throw this.explained(`the kernel ${this.kernelNames[kernel]}`, reason, trap)
    }
    if (error !== 0) throw new Error(this.text(error))
  }

  runProgram(): void {
    const program = this.words[0]
    let error = 0
    try {
      error = this.exports.runProgram()
    } catch (trap) {
      const reason = this.recover(trap)
      this.exports.releaseUnfinished()
      throw this.explained(`the program ${program}`, reason, trap)
    }
    if (error !== 0) throw new Error(this.text(error))
  }

  accumulates(): boolean {
    return this.exports.accumulates() !== 0
  }

  allocate(bytes: number): number {
    try {
      return this.exports.allocate(bytes)
    } catch (trap) {
      throw this.explained(`allocating ${bytes} bytes`, this.recover(trap), trap)
    }
  }

  place(block: number): BlockPlace {
    const { address, blockBytes } = this.exports
    return { buffer: this.memory.buffer, offset: address(block) >>> 0, bytes: blockBytes(block) }
  }

  /**
   * Shares the kernels' work among the caller and `count` − 1 workers, which are started where they are missing.
   *
   * @returns how many threads there are, and where they are fewer than wanted, why
   */
  async useThreads(count: number): Promise<{ threads: number; refused?: string }> {
    if (this.refused === undefined) {
      const missing = Math.max(count - 1 - this.workers, 0)
      const started = await Promise.all(Array.from({ length: missing }, () => this.addWorker()))
      const firstMissed = started.indexOf(false)
      if (firstMissed >= 0) {
        this.workers -= missing - firstMissed
        this.refused = 'this host starts no more workers'
      }
    }
    const threads = Math.min(count, this.workers + 1)
    this.exports.setThreads(threads)
    return { threads, refused: threads < count ? this.refused : undefined }
  }

  private async addWorker(): Promise<boolean> {
    const { module, memory } = this
    const number = ++this.workers
    const address = this.exports.newWorkerMemory() >>> 0
    const bytes = this.exports.workerMemoryBytes()
    return address !== 0 && startWorker({ module, memory, number, address, bytes })
  }

  /** A trap leaves the frames of what it stopped on the stack, and workers at their tasks. @returns what went wrong */
  private recover(trap: unknown): string {
    this.stackPointer.value = this.stackAtRest
    const ofWorker = this.exports.stopTasks()
    return ofWorker === 0 ? (trap as Error).message : this.text(ofWorker)
  }

  private explained(what: string, reason: string, trap: unknown): Error {
    const mebibytes = Math.round(this.memory.buffer.byteLength / 2 ** 20)
    return new Error(
      `${what} stopped in the wasm engine (${reason}) with ${mebibytes} MiB in use; ` +
        `it has at most 4096 MiB, so use smaller shapes if that is near`,
      { cause: trap },
    )
  }

  private text(address: number): string {
    const bytes = new Uint8Array(this.memory.buffer, address >>> 0)
    // A copy: text isn't decoded from shared memory.
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)))
  }
}

/** Loads the module that stands beside this file, and beside the bundle in dist/. */
export async function loadWasm(): Promise<WasmModule> {
  const memory = newMemory()
  const bytes = await readModule()
  const module = await WebAssembly.compile(isShared(memory) ? bytes : unshared(bytes))
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } })
  const initialize = exports['_initialize'] as () => void
  initialize()
  const stackPointer = exports['__stack_pointer'] as WebAssembly.Global
  return new WasmModule(exports as unknown as Exports, stackPointer, memory, module)
}

/** The import of the memory as it stands in the module: two names with their lengths, the kind, and 3 for "shared, with a maximum". */
const sharedImport = [3, ...new TextEncoder().encode('env'), 6, ...new TextEncoder().encode('memory'), 2, 3]

/** The module with an import of memory that isn't shared: all that it does is allowed there, but for sleeping. */
function unshared(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = bytes.findIndex((_, i) => sharedImport.every((byte, j) => bytes[i + j] === byte))
  const changed = bytes.slice()
  changed[at + sharedImport.length - 1] = 1
  return changed
}

async function readModule(): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL('./kernels.wasm', import.meta.url)
  // Not an import: bundlers for browsers would stumble over it.
  if (url.protocol === 'file:') return process.getBuiltinModule('node:fs').readFileSync(url)
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`)
  return new Uint8Array(await response.arrayBuffer())
}
