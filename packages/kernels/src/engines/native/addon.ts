import { createRequire } from 'node:module'

/** What core/addon.cc exports. */
export interface Addon {
  /** The description of the next call, and its attributes; see described-call.h. */
  words: Int32Array
  attributes: Float64Array
  kernelNames: string[]
  /** [name, label, whether this machine has it, what its products are made with in f32, in bf16], the best first. */
  instructionSets: [name: string, label: string, supported: boolean, f32: string, bf16: string][]
  run(): void
  /** Whether the described call's kernel can add an output, told by the word behind the others, to what stands in its place. */
  accumulates(): boolean
  allocate(bytes: number): number
  release(block: number): void
  /** See program.h. @param block where the description lies @param count of its words */
  createProgram(block: number, count: number): number
  destroyProgram(program: number): void
  runProgram(): void
  locate(block: number): void
  slab(index: number): ArrayBuffer
  useInstructionSet(index: number): void
  /** Whether products of matrices round their inputs to bf16. */
  setBf16(on: number): void
  setThreads(count: number): void
  setPoison(on: number): void
  /** See `Engine.giveBackIdle`. */
  giveBackIdle(): void
  liveBytes(): number
  reservedBytes(): number
}

export function loadAddon(path: string): Addon {
  return createRequire(import.meta.url)(path) as Addon
}
