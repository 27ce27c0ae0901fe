import { aligned, type Buffer, type Call, type Place } from './buffers'
import type { CallRecording } from './recording'
import { Pieces } from './pieces'
import type { PlannedCalls } from './sum-in-place'
import { Workspace } from './workspace'

/** A call with the places of its buffers. */
export interface PlacedCall<C> {
  call: C
  inputs: readonly (Place | undefined)[]
  outputs: readonly (Place | undefined)[]
  /** Which outputs are added to what stands in their place. */
  accumulate?: readonly boolean[]
}

/** One step of a program: what is to be called on which places, and what memory that takes. */
export interface StepPlan<B extends Buffer, C extends Call<B>> {
  calls: readonly PlacedCall<C>[]
  /** Whether it leaves memory for the next step or takes what was left. */
  holding: 'none' | 'left' | 'taken'
  /** In bytes. */
  workspaceBytes: number
  heldBytes: number
  /** The bytes of each piece of the two, where they are in pieces. */
  workspacePieces: readonly number[]
  heldPieces: readonly number[]
  /** How many buffers come from outside. */
  given: number
  /** The buffer of each result. */
  results: readonly B[]
  /** The results that get memory of their own. */
  fresh: readonly B[]
  constants: readonly B[]
}

/** How an engine wants its memory laid out. */
export interface Layout {
  /** Of every place, in bytes. */
  alignment: number
  /**
   * Whether the workspace and what is held are pieces, told by their index, instead of one stretch of memory each: for
   * engines whose kernels can't read and write parts of one.
   */
  inPieces?: boolean
}

/** Places for buffers that are kept together, one behind the other. */
export class HeldMemory<B extends Buffer> {
  readonly places = new Map<B, Place>()
  readonly pieces: number[] = []
  bytes = 0

  constructor(held: Iterable<B>, { alignment, inPieces }: Layout) {
    for (const buffer of held) {
      const bytes = aligned(buffer.bytes, alignment)
      const place = inPieces
        ? { index: this.pieces.push(bytes) - 1, offset: 0 }
        : { index: 0, offset: this.bytes }
      this.places.set(buffer, { in: 'held', ...place })
      this.bytes += bytes
    }
  }
}

/**
 * Plans one step: every buffer that lives only within it gets a place in one workspace, where others may stand before
 * and after it.
 *
 * @param outside the place of each buffer that is given
 * @param given how many those are
 */
export function planStep<B extends Buffer, C extends Call<B>>(
  recording: CallRecording<B, C>,
  { calls, storageOf }: PlannedCalls<B, C>,
  held: HeldMemory<B>,
  outside: ReadonlyMap<B, Place>,
  { holding, given, alignment, inPieces }: Pick<StepPlan<B, C>, 'holding' | 'given'> & Layout,
): StepPlan<B, C> {
  const fresh: B[] = []
  const constants: B[] = []
  const places = new Map<B, Place>()
  const results = recording.results.map(storageOf)
  for (const buffer of results)
    if (recording.produced.has(buffer) && !places.has(buffer) && !held.places.has(buffer))
      places.set(buffer, { in: 'output', index: fresh.push(buffer) - 1, offset: 0 })
  const isConstant = (buffer: B) => recording.constants.has(buffer) || recording.first?.constants.has(buffer)
  const placeOf = (buffer: B): Place | undefined => {
    const known = places.get(buffer) ?? held.places.get(buffer) ?? outside.get(buffer)
    if (known || !isConstant(buffer)) return known
    const constant: Place = { in: 'constant', index: constants.push(buffer) - 1, offset: 0 }
    places.set(buffer, constant)
    return constant
  }
  for (const buffer of results) placeOf(buffer)

  const lastUse = new Map<B, number>()
  calls.forEach(({ inputs }, c) => {
    for (const input of inputs) if (input !== undefined) lastUse.set(input, c)
  })
  const workspace = new Workspace(alignment)
  const pieces = new Pieces(alignment)
  const take = (bytes: number): Place =>
    inPieces
      ? { in: 'workspace', index: pieces.take(bytes), offset: 0 }
      : { in: 'workspace', index: 0, offset: workspace.take(bytes) }
  const give = ({ index, offset }: Place, bytes: number) =>
    inPieces ? pieces.give(index) : workspace.give(offset, bytes)
  const placed = calls.map(({ call, inputs, outputs, accumulate }, c): PlacedCall<C> => {
    for (const output of outputs)
      if (output !== undefined && !placeOf(output)) places.set(output, take(output.bytes))
    const result = {
      call,
      inputs: inputs.map((input) => input && placeOf(input)),
      outputs: outputs.map((output) => output && placeOf(output)),
      accumulate,
    }
    const release = (buffer: B, last: number) => {
      const place = places.get(buffer)
      if (place?.in === 'workspace' && last === c) give(place, buffer.bytes)
    }
    for (const input of new Set(inputs)) if (input !== undefined) release(input, lastUse.get(input)!)
    for (const output of outputs) if (output !== undefined) release(output, lastUse.get(output) ?? c)
    return result
  })
  return {
    calls: placed,
    holding,
    workspaceBytes: inPieces ? pieces.bytes : workspace.bytes,
    heldBytes: held.bytes,
    workspacePieces: pieces.sizes,
    heldPieces: held.pieces,
    given,
    results,
    fresh,
    constants,
  }
}
