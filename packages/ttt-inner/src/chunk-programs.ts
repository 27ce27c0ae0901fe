import { program, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import {
  advanced,
  joinStates,
  stateMetas,
  stateTensors,
  type MlpWeights,
  type SequenceState,
  type SuffixParams,
} from '@ttt-e2e/swa-transformer'
import { learnFromChunk } from './chunk'
import type { FastWeights } from './fast-weights'
import type { System } from './system'

/** What a reader's programs take; they free none of it. */
interface Given {
  params: SuffixParams
  /** The prefix's output [B, rows, D]. */
  hidden: Tensor
  /** The suffix's states before these rows. */
  states: readonly SequenceState[]
}

/** What they leave; the caller's. */
interface Read {
  states: SequenceState[]
  /** After the last norm, of the last row [B, 1, D]. */
  last: Tensor
}

/**
 * The suffix over rows of the open chunk.
 *
 * @param given.targets int32 [B, n]: the tokens after the first n rows
 * @returns also their nats [B, n], where n > 0
 */
export function predictRows(
  system: System,
  given: Given & { weights: readonly MlpWeights[]; targets: Tensor },
): Read & { losses?: Tensor } {
  const { decoder } = system
  const metas = stateMetas(given.states)
  const [, rows] = given.hidden.shape
  const known = given.targets.shape[1]!
  const after = program(
    { owner: system, key: `read suffix ${decoder.suffixPhases(given.states)}` },
    ({ params, weights, hidden, states, targets }) => {
      const read = decoder.readSuffix(params, weights, hidden, joinStates(states, metas))
      return {
        states: stateTensors(read.states),
        last: rowsOf(read.hidden, rows - 1, 1),
        ...(known > 0 && { losses: decoder.losses(params, rowsOf(read.hidden, 0, known), targets) }),
      }
    },
    { ...given, states: stateTensors(given.states) },
  )
  return { ...after, states: joinStates(after.states, advanced(metas, rows)) }
}

/**
 * The inner step on a whole chunk; see `learnFromChunk`.
 *
 * @returns also its nats [B, b] and the weights that it leaves
 */
export function learnRows(
  system: System,
  given: Given & { fast: FastWeights; targets: Tensor; mask: Tensor; rate: Tensor },
): Read & { fast: FastWeights; tokenLosses: Tensor } {
  const { decoder } = system
  const metas = stateMetas(given.states)
  const [, rows] = given.hidden.shape
  const after = program(
    { owner: system, key: `learn ${decoder.suffixPhases(given.states)}` },
    ({ params, fast, hidden, states, targets, mask, rate }) => {
      const chunk = { hidden, targets, mask }
      const result = learnFromChunk(system, params, fast, chunk, joinStates(states, metas), rate)
      return {
        fast: result.fast,
        states: stateTensors(result.states),
        tokenLosses: result.tokenLosses,
        last: rowsOf(result.hidden, rows - 1, 1),
      }
    },
    { ...given, states: stateTensors(given.states) },
  )
  return { ...after, states: joinStates(after.states, advanced(metas, rows)) }
}

const rowsOf = (hidden: Tensor, start: number, count: number) =>
  tf.slice(hidden, [0, start, 0], [-1, count, -1])
