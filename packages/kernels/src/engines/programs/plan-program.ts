import type { Abilities, Buffer, Call, Place } from './buffers'
import { liveCalls, readBy } from './liveness'
import { HeldMemory, planStep, type Layout, type StepPlan } from './plan-step'
import type { CallRecording } from './recording'
import { sumInPlace } from './sum-in-place'

/** A program of one step, or of two of which the second goes on with what the first has left. */
export interface ProgramPlan<B extends Buffer, C extends Call<B>> {
  first: StepPlan<B, C>
  /** It is given its own inputs, then the first one's, then `heldResults`. */
  second?: StepPlan<B, C>
  /** Results of the first step that the second one reads: whoever runs the program holds them until then. */
  heldResults: readonly B[]
  /** Of all steps, each once. */
  constants: ReadonlySet<B>
}

/**
 * Plans recorded steps: what is dead is left out, sums are formed in place, and every buffer gets its place.
 *
 * @param recordings one or two
 * @returns the plan, or why the recordings can't be replayed
 */
export function planProgram<B extends Buffer, C extends Call<B>>(
  [first, second]: readonly CallRecording<B, C>[],
  { alignment, inPieces, ...abilities }: Abilities<C> & Layout,
): ProgramPlan<B, C> | string {
  const results = new Set(first.results)
  // Held memory is freed as one piece, so none of it can be a result.
  if (second?.results.some((buffer) => first.produced.has(buffer) && !results.has(buffer)))
    second.spoil('its gradient is an intermediate result')
  const spoiled = first.spoiled ?? second?.spoiled
  if (spoiled !== undefined) return spoiled

  const secondCalls = second ? liveCalls(second.calls, second.results) : []
  const wantedLater = new Set([...readBy<B>(secondCalls), ...(second?.results ?? [])])
  const carried = [...wantedLater].filter((buffer) => first.produced.has(buffer))
  // A result that is needed later is held as a tensor; the rest of what is needed lies in one piece of memory.
  const held = new HeldMemory(
    carried.filter((buffer) => !results.has(buffer)),
    { alignment, inPieces },
  )
  const heldResults = carried.filter((buffer) => results.has(buffer))

  const firstPlan = planStep(
    first,
    sumInPlace(
      liveCalls(first.calls, [...results, ...carried]),
      first.spent,
      (buffer) => results.has(buffer) || wantedLater.has(buffer),
      abilities,
    ),
    held,
    placesOf(first.given),
    { holding: second ? 'left' : 'none', given: first.given.length, alignment, inPieces },
  )
  if (!second) return { first: firstPlan, heldResults, constants: new Set(firstPlan.constants) }

  const outside = [...second.given, ...first.given, ...heldResults]
  const secondResults = new Set(second.results)
  const secondPlan = planStep(
    second,
    sumInPlace(secondCalls, second.spent, (buffer) => secondResults.has(buffer), abilities),
    held,
    placesOf(outside),
    { holding: 'taken', given: outside.length, alignment, inPieces },
  )
  const constants = new Set([...firstPlan.constants, ...secondPlan.constants])
  return { first: firstPlan, second: secondPlan, heldResults, constants }
}

const placesOf = <B>(given: readonly B[]): Map<B, Place> =>
  new Map(given.map((buffer, index) => [buffer, { in: 'input', index, offset: 0 }]))
