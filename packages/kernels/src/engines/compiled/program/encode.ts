import type { BlockData } from '../data'
import { aligned, type Place } from '../../programs/buffers'
import type { StepPlan } from '../../programs/plan-step'
import type { RecordedCall } from './recorded-call'

/** What a tensor's place is counted from; see program.h. */
const bases = { absent: 0, workspace: 1, held: 2, input: 3, constant: 4, output: 5 } as const
/** Marks an output that is added to what stands in its place. */
const accumulating = 8
const heldModes = { none: 0, left: 1, taken: 2 } as const

/** The unit of sizes and offsets, in bytes. */
export const unit = 64
const unitsOf = (bytes: number): number => aligned(bytes, unit) / unit

/** A step in the words that the module reads; see program.h. */
export function encodeStep(plan: StepPlan<BlockData, RecordedCall>): Int32Array {
  const { calls, holding, workspaceBytes, heldBytes, given, fresh, constants } = plan
  const words = new WordList()
  words.add(heldModes[holding], given, fresh.length, constants.length)
  words.add(unitsOf(workspaceBytes), unitsOf(heldBytes))
  for (const constant of constants) words.add(constant.block)
  for (const { bytes } of fresh) words.add(unitsOf(bytes))
  words.add(calls.length)
  for (const { call, inputs, outputs, accumulate } of calls) {
    const { kernel, inputShapes, outputShapes, attributes } = call
    words.add(kernel, inputs.length, outputs.length, attributes.length)
    inputs.forEach((place, i) => words.tensor(place, inputShapes[i]))
    outputs.forEach((place, i) => words.tensor(place, outputShapes[i] ?? [], accumulate?.[i]))
    words.doubles(attributes)
  }
  return words.asArray()
}

class WordList {
  private readonly words: number[] = []

  add(...words: number[]): void {
    for (const word of words) this.words.push(word)
  }

  tensor(place: Place | undefined, shape: readonly number[], accumulate = false): void {
    const base = bases[place?.in ?? 'absent'] + (accumulate ? accumulating : 0)
    this.add(base, place?.index ?? 0, (place?.offset ?? 0) / unit, shape.length, ...shape)
  }

  doubles(values: readonly number[]): void {
    this.add(...new Int32Array(Float64Array.from(values).buffer))
  }

  asArray(): Int32Array {
    return Int32Array.from(this.words)
  }
}
