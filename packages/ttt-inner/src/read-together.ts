import { tidy, treeLeaves } from '@ttt-e2e/tensor-ops'
import { grownStates } from '@ttt-e2e/swa-transformer'
import { joinStates, splitState } from './join-states'
import { PieceNats } from './piece-nats'
import { natsAfter, readPiece, type ReadingModel } from './read-piece'
import { disposeState, endAfter, tensorsOf, type ReaderState } from './reader-state'
import type { Reader } from './reader'
import { TokenBlock } from './token-block'

/** What one reader of a single sequence reads next. */
export interface ReadingPiece {
  reader: Reader
  tokens: Int32Array
  /** Whether chunks that are full are learned from. */
  learn: boolean
}

/**
 * Reads a piece of each of several readers. Those that fit go through the model in one pass, each with weights and a place
 * of its own: pieces of one length whose chunks fill at the same time, read into states of one size. The others are read
 * as by themselves. A pass that fails leaves its readers as they were.
 *
 * @param pieces each of another reader
 * @returns the nats of each one's tokens, as `Reader.read` has them
 */
export function readTogether(model: ReadingModel, pieces: readonly ReadingPiece[]): Promise<Float32Array>[] {
  const nats = new Map<ReadingPiece, Promise<Float32Array>>()
  for (const alike of groupsOf(pieces, paceOf)) {
    if (alike.length > 1) for (const { reader, tokens } of alike) reserve(model, reader.state, tokens.length)
    for (const batch of groupsOf(alike, ({ reader }) => shapesOf(reader.state))) {
      const [{ reader, tokens, learn }] = batch
      const all = batch.length === 1 ? [reader.read(tokens, { learn })] : readBatch(model, batch)
      batch.forEach((piece, i) => nats.set(piece, all[i]))
    }
  }
  return pieces.map((piece) => nats.get(piece)!)
}

function readBatch(model: ReadingModel, batch: readonly ReadingPiece[]): Promise<Float32Array>[] {
  const own = batch.map(({ reader }) => reader.state)
  const known = TokenBlock.ofRows(batch.map(({ tokens }) => tokens))
  const { length } = known
  const { after, nats } = tidy(() => {
    const joined = joinStates(own)
    const nats = new PieceNats(batch.length, length)
    if (joined.last && length > 0) nats.add(0, natsAfter(model, joined.last, known.columns(0, 1)))
    readPiece(model, joined, { known, length, learn: batch[0].learn, nats })
    return { after: splitState(joined), nats }
  })
  own.forEach((state, row) => {
    disposeState(state)
    Object.assign(state, after[row])
  })
  const values = nats.read().finally(() => nats.dispose())
  return batch.map(async (_, row) => (await values).slice(row * length, (row + 1) * length))
}

/** What pieces that are read in one pass have in common, but for the sizes of what they are read into. */
function paceOf({ reader, tokens, learn }: ReadingPiece): string {
  const { open, last } = reader.state
  return [tokens.length, open.tokens.length, learn, last !== undefined].join()
}

/** Room for a piece in all that grows, so that states that have read differently much can be of one size. */
function reserve({ system: { decoder, rule } }: ReadingModel, state: ReaderState, tokens: number): void {
  const end = endAfter(state, tokens)
  const { open } = state
  state.prefix = grownStates(state.prefix, (states) =>
    decoder.prefix.map((stage, i) => stage.reserve(states[i], end)),
  )
  state.suffix = grownStates(state.suffix, (states) => decoder.reserveSuffix(states, end))
  if (rule) open.states = grownStates(open.states, (states) => decoder.reserveSuffix(states, end))
}

const shapesOf = (state: ReaderState): string =>
  treeLeaves(tensorsOf(state))
    .map(({ shape }) => shape.join())
    .join(' ')

function groupsOf<T>(all: readonly T[], keyOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const each of all) {
    const key = keyOf(each)
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return [...groups.values()]
}
