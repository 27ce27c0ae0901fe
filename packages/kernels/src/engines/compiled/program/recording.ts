import type { Recording } from '@ttt-e2e/tensor-ops'
import type { BlockData, BlockType } from '../data'

export interface RecordedCall {
  kernel: number
  name: string
  inputs: readonly (BlockData | undefined)[]
  inputShapes: readonly (readonly number[])[]
  outputs: readonly (BlockData | undefined)[]
  outputShapes: readonly (readonly number[] | undefined)[]
  attributes: readonly number[]
}

/** The kernel calls of one run, with what each of the tensors in them is. */
export class CallRecording implements Recording {
  readonly calls: RecordedCall[] = []
  readonly inputs = new Map<BlockData, number>()
  readonly constants = new Set<BlockData>()
  readonly produced = new Set<BlockData>()
  outputs: readonly { data: BlockData; shape: number[]; dtype: BlockType }[] = []
  spoiled: string | undefined

  /** Inputs that a replay may overwrite. */
  readonly spent: ReadonlySet<BlockData>

  constructor(
    readonly given: readonly BlockData[],
    spent: number,
    readonly first: CallRecording | undefined,
    private readonly release: (data: BlockData) => void,
  ) {
    this.spent = new Set(given.slice(given.length - spent))
    given.forEach((data, i) => {
      // Read through one of them, other tensors may stand there the next time.
      if (this.inputs.has(data) || first?.knows(data)) this.spoil('it was given the same data twice')
      this.inputs.set(data, i)
    })
  }

  spoil(reason: string): void {
    this.spoiled ??= reason
  }

  /** A tensor made of values from JavaScript: the same ones in every run. */
  made(data: BlockData): void {
    data.refCount++
    this.constants.add(data)
  }

  call(call: RecordedCall): void {
    for (const input of call.inputs)
      if (input !== undefined && !this.knows(input))
        this.spoil('it reads a tensor that is not among its inputs')
    for (const output of call.outputs) if (output !== undefined) this.produced.add(output)
    this.calls.push(call)
  }

  /** JavaScript reads a tensor's values. */
  valuesRead(data: BlockData): void {
    if (this.produced.has(data) || this.inputs.has(data) || this.first?.knows(data))
      this.spoil('JavaScript reads the values of its tensors')
  }

  knows(data: BlockData): boolean {
    return (
      this.produced.has(data) ||
      this.inputs.has(data) ||
      this.constants.has(data) ||
      (this.first?.knows(data) ?? false)
    )
  }

  /** Hands over the constants that a program goes on using; the others are freed. */
  keepConstants(used: ReadonlySet<BlockData>): void {
    for (const data of this.constants) if (!used.has(data)) this.release(data)
    this.constants.clear()
  }

  dispose(): void {
    this.keepConstants(new Set())
  }
}
