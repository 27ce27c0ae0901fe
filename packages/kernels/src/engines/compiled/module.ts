/** The compiled kernels, whatever they were compiled to: what the tfjs backend needs of them. */
export interface CompiledModule {
  readonly kernelNames: readonly string[]
  /** The description of the next call, and its attributes; see described-call.h. Calls that allocate may replace them. */
  readonly words: Int32Array
  readonly attributes: Float64Array
  /** Whether a view on a block stays valid for good. */
  readonly memoryStays: boolean
  /** Runs the described call. Throws what the kernel finds wrong. */
  run(): void
  /** Whether the described call's kernel can add an output, told by the word behind the others, to what stands in its place. */
  accumulates(): boolean
  /** Returns a block's number. */
  allocate(bytes: number): number
  release(block: number): void
  place(block: number): BlockPlace
  /** Keeps a recorded program, described in the block's first words; see program.h. Returns its number. */
  createProgram(block: number, count: number): number
  destroyProgram(program: number): void
  /** Runs the program that `words` names on the blocks there. Throws what a kernel finds wrong. */
  runProgram(): void
  liveBytes(): number
  reservedBytes(): number
}

export interface BlockPlace {
  buffer: ArrayBufferLike
  offset: number
  bytes: number
}
