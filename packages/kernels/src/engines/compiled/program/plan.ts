import type { BlockData } from '../data'
import { bytesPerValue, type BlockType } from '../data'
import type { CallRecording, RecordedCall } from './recording'
import type { PlannedCalls } from './sum-in-place'

/** What a tensor's place is counted from; see program.h. */
const bases = { absent: 0, workspace: 1, held: 2, input: 3, constant: 4, output: 5 } as const
/** Marks an output that is added to what stands in its place. */
const accumulating = 8
const heldModes = { none: 0, left: 1, taken: 2 } as const

/** The unit of sizes and offsets, in bytes. */
const unit = 64

export interface Place {
  base: keyof typeof bases
  index: number
  /** In units. */
  offset: number
}

/** One step of a program: what the module needs to know, and what its results are. */
export interface StepPlan {
  description: Int32Array
  calls: number
  /** The data of each result. */
  results: BlockData[]
  /** The data that the module allocates for results. */
  fresh: BlockData[]
  constants: BlockData[]
}

const unitsOf = (data: BlockData): number =>
  Math.ceil((data.size * bytesPerValue[data.dtype as BlockType]) / unit)

/** The calls that the wanted data depend on, in their order. */
export function liveCalls(calls: readonly RecordedCall[], wanted: Iterable<BlockData>): RecordedCall[] {
  const needed = new Set(wanted)
  const live: RecordedCall[] = []
  for (let i = calls.length - 1; i >= 0; i--) {
    if (!calls[i].outputs.some((output) => output !== undefined && needed.has(output))) continue
    live.push(calls[i])
    for (const input of calls[i].inputs) if (input !== undefined) needed.add(input)
  }
  return live.toReversed()
}

/** The data that the calls read. */
export function readBy(calls: readonly RecordedCall[]): Set<BlockData> {
  const read = new Set<BlockData>()
  for (const { inputs } of calls) for (const input of inputs) if (input !== undefined) read.add(input)
  return read
}

/** Places for data that are kept together, one behind the other. */
export class HeldMemory {
  private readonly places = new Map<BlockData, Place>()
  units = 0

  constructor(held: Iterable<BlockData>) {
    for (const data of held) {
      this.places.set(data, { base: 'held', index: 0, offset: this.units })
      this.units += unitsOf(data)
    }
  }

  placeOf(data: BlockData): Place | undefined {
    return this.places.get(data)
  }
}

/**
 * Plans one step: every tensor that lives only within it gets a place in one workspace, where others may stand before
 * and after it.
 *
 * @param givenPlace where data lie that come from outside
 */
export function planStep(
  recording: CallRecording,
  { calls, storageOf }: PlannedCalls,
  mode: keyof typeof heldModes,
  held: HeldMemory,
  givenPlace: (data: BlockData) => Place | undefined,
  givenCount: number,
): StepPlan {
  const fresh: BlockData[] = []
  const constants: BlockData[] = []
  const places = new Map<BlockData, Place>()
  const results = recording.outputs.map(({ data }) => storageOf(data))
  for (const data of results)
    if (recording.produced.has(data) && !places.has(data) && !held.placeOf(data))
      places.set(data, { base: 'output', index: fresh.push(data) - 1, offset: 0 })
  const isConstant = (data: BlockData) =>
    recording.constants.has(data) || recording.first?.constants.has(data)
  const place = (data: BlockData): Place | undefined => {
    const known = places.get(data) ?? held.placeOf(data) ?? givenPlace(data)
    if (known || !isConstant(data)) return known
    const constant: Place = { base: 'constant', index: constants.push(data) - 1, offset: 0 }
    places.set(data, constant)
    return constant
  }
  for (const data of results) place(data)

  const lastUse = new Map<BlockData, number>()
  calls.forEach((call, c) => {
    for (const input of call.inputs) if (input !== undefined) lastUse.set(input, c)
  })
  const workspace = new Workspace()
  const words = new WordList()
  calls.forEach((call, c) => {
    for (const output of call.outputs)
      if (output !== undefined && !place(output))
        places.set(output, { base: 'workspace', index: 0, offset: workspace.take(unitsOf(output)) })
    words.add(call.kernel, call.inputs.length, call.outputs.length, call.attributes.length)
    call.inputs.forEach((input, i) => words.tensor(input && place(input)!, call.inputShapes[i]))
    call.outputs.forEach((output, i) =>
      words.tensor(output && place(output)!, call.outputShapes[i] ?? [], call.accumulate?.[i]),
    )
    words.doubles(call.attributes)
    const release = (data: BlockData, last: number) => {
      const at = places.get(data)
      if (at?.base === 'workspace' && last === c) workspace.give(at.offset, unitsOf(data))
    }
    for (const input of new Set(call.inputs)) if (input !== undefined) release(input, lastUse.get(input)!)
    for (const output of call.outputs) if (output !== undefined) release(output, lastUse.get(output) ?? c)
  })

  const header = new WordList()
  header.add(heldModes[mode], givenCount, fresh.length, constants.length, workspace.units, held.units)
  for (const constant of constants) header.add(constant.block)
  for (const data of fresh) header.add(unitsOf(data))
  header.add(calls.length)
  return { description: header.joined(words), calls: calls.length, results, fresh, constants }
}

/** A stretch of memory from which parts are taken and given back, the smallest free part that fits being taken. */
class Workspace {
  units = 0
  private free: { offset: number; units: number }[] = []

  take(units: number): number {
    let best = -1
    this.free.forEach((part, i) => {
      if (part.units >= units && (best < 0 || part.units < this.free[best].units)) best = i
    })
    if (best < 0) {
      // The last free part may be grown where it ends the workspace.
      const end = this.free.findIndex((part) => part.offset + part.units === this.units)
      const offset = end < 0 ? this.units : this.free.splice(end, 1)[0].offset
      this.units = offset + units
      return offset
    }
    const part = this.free[best]
    const { offset } = part
    part.offset += units
    part.units -= units
    if (part.units === 0) this.free.splice(best, 1)
    return offset
  }

  give(offset: number, units: number): void {
    if (units === 0) return
    const before = this.free.findIndex((part) => part.offset + part.units === offset)
    if (before >= 0) {
      units += this.free[before].units
      offset = this.free.splice(before, 1)[0].offset
    }
    const after = this.free.findIndex((part) => part.offset === offset + units)
    if (after >= 0) units += this.free.splice(after, 1)[0].units
    this.free.push({ offset, units })
  }
}

class WordList {
  private readonly words: number[] = []

  add(...words: number[]): void {
    for (const word of words) this.words.push(word)
  }

  tensor(place: Place | undefined, shape: readonly number[], accumulate = false): void {
    const base = bases[place?.base ?? 'absent'] + (accumulate ? accumulating : 0)
    this.add(base, place?.index ?? 0, place?.offset ?? 0, shape.length, ...shape)
  }

  doubles(values: readonly number[]): void {
    this.add(...new Int32Array(Float64Array.from(values).buffer))
  }

  joined(rest: WordList): Int32Array {
    return Int32Array.from([...this.words, ...rest.words])
  }
}
