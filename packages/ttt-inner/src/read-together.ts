import { tidy, treeLeaves } from '@ttt-e2e/tensor-ops'
import { growPrefix, growSuffix } from '@ttt-e2e/swa-transformer'
import { groupsBy } from './groups-by'
import { joinStates, splitState } from './join-states'
import { PieceNats } from './piece-nats'
import { natsAfter, readPiece, type ReadingModel } from './read-piece'
import { bytesOfState, disposeState, endAfter, tensorsOf, type ReaderState } from './reader-state'
import type { Reader } from './reader'
import { TokenBlock } from './token-block'

/** What one reader of a single sequence reads next. */
export interface ReadingPiece {
  reader: Reader
  tokens: Int32Array
  /** Whether chunks that are full are learned from. */
  learn: boolean
}

/** Readers whose states stand side by side, and what each gets back. */
interface Batch {
  readers: readonly Reader[]
  own: readonly ReaderState[]
  joined: ReaderState
}

/**
 * Reads pieces of several readers. Those that fit go through the model in one pass, each with weights and a place of its
 * own: pieces of one length whose chunks fill at the same time, read into states of one size by inner steps of one rate and
 * decay. Others are read as alone.
 *
 * Readers of one pass stay joined until one of them is asked for what it remembers, or they are read on without it.
 */
export class ReadTogether {
  private readonly batches = new Map<Reader, Batch>()

  constructor(private readonly model: ReadingModel) {}

  /**
   * @param pieces each of another reader
   * @returns the nats of each one's tokens, as `Reader.read` has them
   */
  read(pieces: readonly ReadingPiece[]): Promise<Float32Array[]> {
    const nats = new Map<Reader, Promise<Float32Array>>()
    for (const alike of this.alike(pieces)) {
      const [{ reader, tokens, learn }] = alike
      if (alike.length === 1) nats.set(reader, reader.read(tokens, { learn }))
      else this.pass(alike).forEach((row, each) => nats.set(each, row))
    }
    return Promise.all(pieces.map(({ reader }) => nats.get(reader)!))
  }

  /** @returns the first of some pieces, and those that go in one pass with it */
  fitting<T extends ReadingPiece>(pieces: readonly T[]): T[] {
    const [first] = this.alike(pieces)
    return first
  }

  /** Gives a reader what it remembers, and those that stand beside it. */
  release(reader: Reader): void {
    const batch = this.batches.get(reader)
    if (!batch) return
    for (const each of batch.readers) this.batches.delete(each)
    const rows = splitState(batch.joined)
    disposeState(batch.joined)
    batch.own.forEach((state, row) => Object.assign(state, rows[row]))
  }

  /** Bytes of what is held for a reader; nothing is for one that another was released beside. */
  stateBytes(reader: Reader): number | undefined {
    const batch = this.batches.get(reader)
    return batch && bytesOfState(batch.joined) / batch.readers.length
  }

  /** Pieces that fit together. */
  private alike<T extends ReadingPiece>(pieces: readonly T[]): T[][] {
    if (pieces.length === 1) return [[...pieces]]
    return groupsBy(pieces, ({ reader, tokens, learn }) => {
      const state = this.batches.get(reader)?.joined ?? reader.state
      reserve(this.model, state, tokens.length)
      return `${tokens.length} ${learn} ${JSON.stringify(reader.inner)} ${rowShapes(state)}`
    })
  }

  private pass(pieces: readonly ReadingPiece[]): Map<Reader, Promise<Float32Array>> {
    const batch = this.batchOf(pieces.map(({ reader }) => reader))
    const { readers, own, joined } = batch
    const known = TokenBlock.ofRows(
      readers.map((reader) => pieces.find((piece) => piece.reader === reader)!.tokens),
    )
    const { length } = known
    const model = { ...this.model, ...readers[0].inner }
    const nats = new PieceNats(readers.length, length)
    try {
      tidy(() => {
        if (joined.last && length > 0) nats.add(0, natsAfter(model, joined.last, known.columns(0, 1)))
        readPiece(model, joined, { known, length, learn: pieces[0].learn, nats })
        return { joined, nats }
      })
    } catch (error) {
      for (const each of readers) this.batches.delete(each)
      disposeState(joined)
      throw error
    }
    const [{ positions, steps }, values] = [joined, nats.read().finally(() => nats.dispose())]
    own.forEach((state, row) => Object.assign(state, { positions: [positions[row]], steps: [steps[row]] }))
    return new Map(
      readers.map((reader, row) => [
        reader,
        values.then((all) => all.slice(row * length, (row + 1) * length)),
      ]),
    )
  }

  /** The states of these readers, and of no others, side by side. */
  private batchOf(readers: readonly Reader[]): Batch {
    const known = this.batches.get(readers[0])
    if (known?.readers.length === readers.length && readers.every((each) => known.readers.includes(each)))
      return known
    const own = readers.map((reader) => reader.join(this))
    const batch = { readers, own, joined: joinStates(own) }
    own.forEach(disposeState)
    for (const reader of readers) this.batches.set(reader, batch)
    return batch
  }
}

/** Room for a piece in all that grows, so that states that have read differently much can be of one size. */
function reserve({ system: { decoder, rule } }: ReadingModel, state: ReaderState, tokens: number): void {
  const end = endAfter(state, tokens)
  const { open } = state
  growPrefix(decoder, state.prefix, end)
  growSuffix(decoder, state.suffix, end)
  if (rule) growSuffix(decoder, open.states, end)
}

/** The shapes of a row of each tensor: also how far the open chunk is, and whether anything was read. */
const rowShapes = (state: ReaderState): string =>
  treeLeaves(tensorsOf(state))
    .map(({ shape }) => shape.slice(1).join())
    .join(' ')
