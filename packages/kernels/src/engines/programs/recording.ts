import type { Recording, tf } from '@ttt-e2e/tensor-ops'
import type { Buffer, Call } from './buffers'

/** How a recording keeps a buffer alive that others may let go of. */
export interface Ownership<B extends Buffer> {
  retain(buffer: B): void
  release(buffer: B): void
}

/** The kernel calls of one run, with what each of the buffers in them is. */
export class CallRecording<B extends Buffer, C extends Call<B>> implements Recording {
  readonly calls: C[] = []
  readonly inputs = new Map<B, number>()
  readonly constants = new Set<B>()
  readonly produced = new Set<B>()
  results: readonly B[] = []
  /** What the results' tensors look like. */
  resultTypes: readonly { shape: number[]; dtype: tf.DataType }[] = []
  spoiled: string | undefined

  /** Inputs that a replay may overwrite. */
  readonly spent: ReadonlySet<B>

  /**
   * @param given the inputs
   * @param spent how many of them, the last ones, may be overwritten
   * @param first the step before this one, if it is a second
   */
  constructor(
    readonly given: readonly B[],
    spent: number,
    readonly first: CallRecording<B, C> | undefined,
    private readonly ownership: Ownership<B>,
  ) {
    this.spent = new Set(given.slice(given.length - spent))
    given.forEach((buffer, i) => {
      // Read through one of them, other tensors may stand there the next time.
      if (this.inputs.has(buffer) || first?.knows(buffer)) this.spoil('it was given the same data twice')
      this.inputs.set(buffer, i)
    })
  }

  spoil(reason: string): void {
    this.spoiled ??= reason
  }

  /** A tensor made of values from JavaScript: the same ones in every run. */
  made(buffer: B): void {
    this.ownership.retain(buffer)
    this.constants.add(buffer)
  }

  call(call: C): void {
    for (const input of call.inputs)
      if (input !== undefined && !this.knows(input))
        this.spoil('it reads a tensor that is not among its inputs')
    for (const output of call.outputs) if (output !== undefined) this.produced.add(output)
    this.calls.push(call)
  }

  /** The run is over, with these results. */
  end(results: readonly B[]): void {
    this.results = results
    if (results.some((buffer) => !this.knows(buffer)))
      this.spoil('it returns a tensor that is not among its inputs')
  }

  /** JavaScript reads a tensor's values. */
  valuesRead(buffer: B): void {
    if (this.produced.has(buffer) || this.inputs.has(buffer) || this.first?.knows(buffer))
      this.spoil('JavaScript reads the values of its tensors')
  }

  knows(buffer: B): boolean {
    return (
      this.produced.has(buffer) ||
      this.inputs.has(buffer) ||
      this.constants.has(buffer) ||
      (this.first?.knows(buffer) ?? false)
    )
  }

  /** Hands over the constants that a program goes on using; the others are freed. */
  keepConstants(used: ReadonlySet<B>): void {
    for (const buffer of this.constants) if (!used.has(buffer)) this.ownership.release(buffer)
    this.constants.clear()
  }

  dispose(): void {
    this.keepConstants(new Set())
  }
}
