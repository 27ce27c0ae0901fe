import { program, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import type { MixingState, MlpWeights, SuffixParams } from '@ttt-e2e/swa-transformer'
import { learnFromChunk } from './chunk'
import type { Decay, FastWeights } from './fast-weights'
import type { System } from './system'

/** What a reader's programs take; they free none of it, but may write over the states. */
interface Given {
  params: SuffixParams
  /** The prefix's output [B, rows, D]. */
  hidden: Tensor
  /** The suffix's states before these rows, with room for them; spent, see `program`. */
  states: readonly MixingState[]
  /** int32 [B]: tokens of each sequence before these rows. */
  position: Tensor
}

/** What they leave; the caller's. */
interface Read {
  states: MixingState[]
  /** After the last norm, of the last row [B, 1, D]. */
  last: Tensor
}

/**
 * The suffix over rows of the open chunk.
 *
 * @param given.targets int32 [B, n]: the tokens after the first n rows
 * @param withLogits whether to tell what comes after the last row
 * @returns also the nats of the targets [B, n], where n > 0, and the logits [B, 1, V] where they are asked for
 */
export function predictRows(
  system: System,
  { states, ...given }: Given & { weights: readonly MlpWeights[]; targets: Tensor },
  { withLogits = false } = {},
): Read & { losses?: Tensor; logits?: Tensor } {
  const { decoder } = system
  const [, rows] = given.hidden.shape
  const known = given.targets.shape[1]!
  return program(
    { owner: system, key: withLogits ? 'read suffix with logits' : 'read suffix' },
    ({ params, weights, hidden, position, targets }, states) => {
      const read = decoder.readSuffix(params, weights, hidden, states, { position })
      const last = rowsOf(read.hidden, rows - 1, 1)
      return {
        states: read.states,
        last,
        ...(known > 0 && { losses: decoder.losses(params, rowsOf(read.hidden, 0, known), targets) }),
        ...(withLogits && { logits: decoder.logits(params, last) }),
      }
    },
    given,
    states,
  )
}

/**
 * The inner step on a whole chunk; see `learnFromChunk`.
 *
 * @returns also its nats [B, b] and the weights that it leaves
 */
export function learnRows(
  system: System,
  {
    states,
    ...given
  }: Given & { fast: FastWeights; targets: Tensor; mask: Tensor; rate: Tensor; decay?: Decay },
): Read & { fast: FastWeights; tokenLosses: Tensor } {
  const [, rows] = given.hidden.shape
  return program(
    { owner: system, key: given.decay ? 'learn with decay' : 'learn' },
    ({ params, fast, hidden, position, targets, mask, rate, decay }, states) => {
      const chunk = { hidden, targets, mask }
      const result = learnFromChunk(system, params, fast, chunk, states, rate, { position }, decay)
      return {
        fast: result.fast,
        states: result.states,
        tokenLosses: result.tokenLosses,
        last: rowsOf(result.hidden, rows - 1, 1),
      }
    },
    given,
    states,
  )
}

const rowsOf = (hidden: Tensor, start: number, count: number) =>
  tf.slice(hidden, [0, start, 0], [-1, count, -1])
