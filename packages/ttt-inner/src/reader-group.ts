import {
  disposeTree,
  giveBackIdle,
  read,
  tf,
  tidy,
  treeLeaves,
  treeWithLeaves,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { writeRing } from '@ttt-e2e/kernels/ops'
import { growPrefix, growSuffix, readPrefix, type MixingState } from '@ttt-e2e/swa-transformer'
import { predictRows } from './chunk-programs'
import type { FastWeights } from './fast-weights'
import { groupsBy } from './groups-by'
import { joinStates, splitState } from './join-states'
import { closeChunk, learnOpenChunk, type ReadingModel } from './read-piece'
import type { Reader } from './reader'
import { disposeState, endAfter, positionTensor, type ReaderState } from './reader-state'
import { ReadTogether, type ReadingPiece } from './read-together'
import { TokenBlock } from './token-block'
import { rowsOf, stackedRows } from './tree-rows'

/** One token for one reader of a single sequence that has read something. */
export interface DecodingStep {
  reader: Reader
  token: number
  /** Whether a chunk that is full is learned from. */
  learn: boolean
}

/** What the rows of a group keep side by side, each tensor [B, …]. */
type Joined = {
  fast?: FastWeights
  prefix: MixingState[]
  suffix: MixingState[]
  last: Tensor
  /** The prefix's output of the open chunk's tokens, the token at p in slot p mod b [B, b, 1, D]; with a rule. */
  open?: Tensor
}

/**
 * Readers of one model that read and decode side by side: one pass through the model for a token of each, wherever in its
 * text it stands. Each remembers and predicts what it would alone, but for rounding: products of more rows sum in another
 * order.
 *
 * A group keeps the readers of its last step joined. Joining and releasing one copies the states of all, a step none.
 */
export class ReaderGroup {
  private rows: { reader: Reader; state: ReaderState }[] = []
  private joined?: Joined
  private readonly reading: ReadTogether

  constructor(private readonly model: ReadingModel) {
    this.reading = new ReadTogether(model)
  }

  /**
   * Reads one token of each of some readers; those that were in the group and have none leave it.
   *
   * @returns the logits [V] of each one's next token, in their order
   */
  async step(steps: readonly DecodingStep[]): Promise<Float32Array[]> {
    this.gather(steps.map(({ reader }) => reader))
    const stepOf = new Map(steps.map((step) => [step.reader, step]))
    const inOrder = this.rows.map(({ reader }) => stepOf.get(reader)!)
    this.endChunks(inOrder)
    const logits = this.readTokens(
      new TokenBlock(
        Int32Array.from(inOrder, ({ token }) => token),
        this.rows.length,
      ),
    )
    const width = this.model.system.decoder.config.vocabularySize
    const rows = new Map(inOrder.map(({ reader }, row) => [reader, row]))
    try {
      const values = await read(logits)
      return steps.map(({ reader }) =>
        values.slice(rows.get(reader)! * width, (rows.get(reader)! + 1) * width),
      )
    } finally {
      logits.dispose()
    }
  }

  /**
   * Reads a piece of each of some readers, see `ReadTogether`; those that decoded together don't any more.
   *
   * @param pieces each of another reader
   * @returns the nats of each one's tokens, as `Reader.read` has them
   */
  async read(pieces: readonly ReadingPiece[]): Promise<Float32Array[]> {
    return this.reading.read(pieces)
  }

  /** The first of some pieces, and those that `read` takes in one pass with it. @param pieces one at least */
  fitting<T extends ReadingPiece>(pieces: readonly T[]): T[] {
    return this.reading.fitting(pieces)
  }

  /** Gives a reader what it remembers, as a reader asks for it. */
  release(reader: Reader): void {
    if (this.rows.some((row) => row.reader === reader)) this.join(this.leave((each) => each === reader))
  }

  /** Makes the readers of a step those of the group. */
  private gather(readers: readonly Reader[]): void {
    const known = this.rows.map(({ reader }) => reader)
    const coming = readers.filter((reader) => !known.includes(reader))
    if (coming.length === 0 && known.length === readers.length) return
    const parts = this.leave((reader) => !readers.includes(reader))
    for (const reader of coming) {
      const state = reader.join(this)
      this.rows.push({ reader, state })
      parts.push(this.taken(state))
    }
    this.join(parts)
  }

  /** A step on each full chunk, or the next chunk without one, before the token after it is processed. */
  private endChunks(steps: readonly DecodingStep[]): void {
    const { rule } = this.model.system
    const joined = this.joined!
    const learning: number[] = []
    this.rows.forEach(({ state }, row) => {
      if (!rule || state.open.tokens.length < rule.chunk) return
      const { fast, suffix, open } = joined
      Object.assign(state, rowsOf({ fast, suffix }, row, 1))
      state.open.hidden = tidy(() => openOf(open!, row, state))
      if (steps[row].learn) learning.push(row)
      else {
        closeChunk(state)
        disposeTree(state.suffix)
        if (state.fast) disposeTree(state.fast)
      }
    })
    if (learning.length === 0) return
    for (const row of learning) delete this.rows[row].state.last
    for (const alike of groupsBy(learning, (row) => JSON.stringify(this.rows[row].reader.inner)))
      this.learn(
        { ...this.model, ...this.rows[alike[0]].reader.inner },
        alike.map((row) => this.rows[row].state),
        TokenBlock.ofRows(alike.map((row) => [steps[row].token])),
      )
    const changed = new Map(
      learning.map((row) => {
        const { fast, suffix, last } = this.rows[row].state
        return [row, { ...(fast && { fast }), suffix, last: last! }]
      }),
    )
    const { fast, suffix, last } = joined
    const before = { ...(fast && { fast }), suffix, last }
    const after = tidy(() => withRows(before, this.rows.length, changed))
    disposeTree([before, ...changed.values()])
    Object.assign(joined, after)
  }

  /** One inner step on the full chunks of some rows together. @param next [n, 1]: the token after each */
  private learn(model: ReadingModel, rows: readonly ReaderState[], next: TokenBlock): void {
    const { decoder } = model.system
    const end = Math.max(...rows.map((state) => endAfter(state, 0)))
    const parts = rows.map(({ open, ...state }) => {
      growSuffix(decoder, open.states, end)
      return { ...state, prefix: [], open }
    })
    const joined = joinStates(parts)
    parts.forEach(disposeState)
    learnOpenChunk(model, joined, 0, next).dispose()
    const after = splitState(joined)
    disposeState(joined)
    rows.forEach((state, row) => {
      const { prefix: _, ...learned } = after[row]
      Object.assign(state, learned)
    })
  }

  /** @returns the logits of what comes next [B, 1, V]; the caller's */
  private readTokens(block: TokenBlock): Tensor {
    const { system, params } = this.model
    const { decoder } = system
    const joined = this.joined!
    const positions = this.rows.map(({ state }) => state.positions[0])
    const end = Math.max(...positions) + 1
    const prefixGrew = growPrefix(decoder, joined.prefix, end)
    // What they were is of no use to tokens that come one by one.
    if (growSuffix(decoder, joined.suffix, end) || prefixGrew) giveBackIdle()
    const data = {
      tokens: block.tensor(),
      position: positionTensor(positions),
      none: tf.zeros([block.batch, 0], 'int32'),
    }
    const prefix = readPrefix(decoder, params, data.tokens, joined.prefix, data.position)
    joined.prefix = prefix.states
    if (system.rule) this.extendChunks(block, prefix.hidden, data.position)
    const { states, last, logits } = predictRows(
      system,
      {
        params: decoder.suffixParams(params),
        weights: joined.fast ?? params.prime,
        hidden: prefix.hidden,
        states: joined.suffix,
        position: data.position,
        targets: data.none,
      },
      { withLogits: true },
    )
    disposeTree([data, joined.suffix, joined.last, prefix.hidden])
    joined.suffix = states
    joined.last = last
    for (const { state } of this.rows) state.positions = [state.positions[0] + 1]
    return logits!
  }

  private extendChunks(block: TokenBlock, hidden: Tensor, position: Tensor): void {
    const joined = this.joined!
    const before = joined.open!
    joined.open = tidy(() => writeRing(before, tf.expandDims(hidden, 2), position))
    before.dispose()
    this.rows.forEach(({ state: { open } }, row) => {
      open.tokens = open.tokens.followedBy(new TokenBlock(block.row(row), 1))
    })
  }

  /** Gives those that leave what is held for them. @returns what was held for the others, who are the group's rows */
  private leave(isLeaving: (reader: Reader) => boolean): Joined[] {
    const { joined, rows } = this
    delete this.joined
    if (!joined) return []
    this.rows = rows.filter(({ reader }) => !isLeaving(reader))
    if (this.rows.length === rows.length) return [joined]
    const parts: Joined[] = []
    let start = 0
    for (let row = 0; row <= rows.length; row++) {
      const leaving = row < rows.length && isLeaving(rows[row].reader)
      if (row < rows.length && !leaving) continue
      // Those that stay side by side needn't be taken apart.
      const from = start
      if (row > from) parts.push(rowsOf(joined, from, row - from))
      if (leaving) give(rows[row].state, rowsOf(joined, row, 1))
      start = row + 1
    }
    disposeTree(joined)
    return parts
  }

  /** Puts rows side by side, their caches made equally large; takes their tensors over. */
  private join(parts: readonly Joined[]): void {
    if (parts.length === 0) return
    const { decoder } = this.model.system
    const end = Math.max(...this.rows.map(({ state }) => endAfter(state, 0)))
    for (const { prefix, suffix } of parts) {
      growPrefix(decoder, prefix, end)
      growSuffix(decoder, suffix, end)
    }
    if (parts.length === 1) {
      this.joined = parts[0]
      return
    }
    this.joined = stackedRows(parts)
    disposeTree([...parts])
  }

  /** Takes over what a reader holds. */
  private taken(state: ReaderState): Joined {
    const { fast, prefix, suffix, last, open } = state
    const { rule } = this.model.system
    const { hidden } = open
    delete open.hidden
    const ring = rule && tidy(() => ringOf(hidden, last!, rule.chunk))
    hidden?.dispose()
    return { ...(fast && { fast }), prefix, suffix, last: last!, ...(ring && { open: ring }) }
  }
}

/** Gives a reader what a group held for it. */
function give(state: ReaderState, { open, ...tensors }: Joined): void {
  Object.assign(state, tensors)
  if (!open) return
  if (state.open.tokens.length > 0) state.open.hidden = tidy(() => openOf(open, 0, state))
  open.dispose()
}

/** The open chunk's rows of a ring [1, n, D]: a chunk begins in slot 0. */
const openOf = (ring: Tensor, row: number, { open }: ReaderState): Tensor =>
  tf.squeeze(tf.slice(ring, [row, 0, 0, 0], [1, open.tokens.length, -1, -1]), [2])

/** The ring of an open chunk [1, n, D] that may have no row yet. @param like [1, 1, D] */
function ringOf(hidden: Tensor | undefined, like: Tensor, chunk: number): Tensor {
  const free = tf.zeros([1, chunk - (hidden?.shape[1] ?? 0), like.shape[2]!])
  return tf.expandDims(hidden ? tf.concat([hidden, free], 1) : free, 2)
}

/** A tree of `count` rows with some of them replaced. */
function withRows<T extends TensorTree>(tree: T, count: number, rows: ReadonlyMap<number, T>): T {
  const leaves = new Map([...rows].map(([row, each]) => [row, treeLeaves(each)]))
  const places = [...rows.keys()].toSorted((a, b) => a - b)
  const replaced = treeLeaves(tree).map((tensor, leaf) => {
    const parts: Tensor[] = []
    let next = 0
    for (const row of [...places, count]) {
      if (row > next) parts.push(tf.slice(tensor, [next], [row - next]))
      if (row < count) parts.push(leaves.get(row)![leaf])
      next = row + 1
    }
    return tf.concat(parts, 0)
  })
  return treeWithLeaves(tree, replaced)
}
