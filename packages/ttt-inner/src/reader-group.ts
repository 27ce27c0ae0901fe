import {
  disposeTree,
  read,
  tf,
  tidy,
  treeLeaves,
  treeMap,
  treeWithLeaves,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import { writeRing } from '@ttt-e2e/kernels/ops'
import { grownStates, readPrefix, type MixingState } from '@ttt-e2e/swa-transformer'
import { predictRows } from './chunk-programs'
import type { FastWeights } from './fast-weights'
import { closeChunk, learnOpenChunk, type ReadingModel } from './read-piece'
import type { Reader } from './reader'
import type { ReaderState } from './reader-state'
import { TokenBlock } from './token-block'

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
 * Readers of one model that decode side by side: one pass through the model for a token of each, wherever in its text it
 * stands. Each remembers and predicts what it would alone, but for rounding: products of more rows sum in another order.
 *
 * A group keeps the readers of its last step joined. Joining and releasing one copies the states of all, a step none.
 */
export class ReaderGroup {
  private rows: { reader: Reader; state: ReaderState }[] = []
  private joined?: Joined

  constructor(private readonly model: ReadingModel) {}

  /**
   * Reads one token of each of some readers; those that were in the group and have none leave it.
   *
   * @returns the logits [V] of each one's next token, in their order
   */
  async step(steps: readonly DecodingStep[]): Promise<Float32Array[]> {
    this.gather(steps.map(({ reader }) => reader))
    const inOrder = this.rows.map(({ reader }) => steps.find((step) => step.reader === reader)!)
    this.endChunks(inOrder)
    this.readTokens(
      new TokenBlock(
        Int32Array.from(inOrder, ({ token }) => token),
        this.rows.length,
      ),
    )
    const { decoder } = this.model.system
    const logits = tidy(() => decoder.logits(decoder.suffixParams(this.model.params), this.joined!.last))
    const width = decoder.config.vocabularySize
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

  /** Gives a reader what it remembers, as a reader asks for it. */
  release(reader: Reader): void {
    const leaving = this.rows.findIndex((row) => row.reader === reader)
    if (leaving < 0) return
    const all = this.split()
    give(all[leaving].state, all[leaving].tensors)
    const staying = all.filter((_, i) => i !== leaving)
    this.rows = this.rows.filter((_, i) => i !== leaving)
    this.join(staying.map(({ tensors }) => tensors))
  }

  /** Makes the readers of a step those of the group. */
  private gather(readers: readonly Reader[]): void {
    const isSame =
      readers.length === this.rows.length && this.rows.every((row) => readers.includes(row.reader))
    if (isSame) return
    const before = this.split()
    for (const [i, { reader }] of this.rows.entries())
      if (!readers.includes(reader)) give(before[i].state, before[i].tensors)
    const parts = readers.map((reader) => {
      const known = this.rows.findIndex((row) => row.reader === reader)
      if (known >= 0) return { reader, ...before[known] }
      const state = reader.join(this)
      return { reader, state, tensors: this.taken(state) }
    })
    this.rows = parts.map(({ reader, state }) => ({ reader, state }))
    this.join(parts.map(({ tensors }) => tensors))
  }

  /** A step on each full chunk, or the next chunk without one, before the token after it is processed. */
  private endChunks(steps: readonly DecodingStep[]): void {
    const { rule } = this.model.system
    const joined = this.joined!
    const changed = new Map<number, Pick<Joined, 'fast' | 'suffix' | 'last'>>()
    this.rows.forEach(({ reader, state }, row) => {
      if (!rule || state.open.tokens.length < rule.chunk) return
      const { fast, suffix, open } = joined
      Object.assign(
        state,
        tidy(() => rowOf({ fast, suffix }, row)),
      )
      state.open.hidden = tidy(() => openOf(open!, row, state))
      const { token, learn } = steps[row]
      if (learn) {
        delete state.last
        const model = { ...this.model, ...reader.inner }
        learnOpenChunk(model, state, state.position, new TokenBlock(Int32Array.of(token), 1)).dispose()
        changed.set(row, { ...(state.fast && { fast: state.fast }), suffix: state.suffix, last: state.last! })
      } else {
        closeChunk(state)
        disposeTree(state.suffix)
        if (state.fast) disposeTree(state.fast)
      }
    })
    if (changed.size === 0) return
    const { fast, suffix, last } = joined
    const before = { ...(fast && { fast }), suffix, last }
    const after = tidy(() => withRows(before, this.rows.length, changed))
    disposeTree([before, ...changed.values()])
    Object.assign(joined, after)
  }

  private readTokens(block: TokenBlock): void {
    const { system, params } = this.model
    const { decoder } = system
    const joined = this.joined!
    const positions = this.rows.map(({ state }) => state.position)
    const end = Math.max(...positions) + 1
    joined.prefix = grownStates(joined.prefix, (states) =>
      decoder.prefix.map((stage, i) => stage.reserve(states[i], end)),
    )
    joined.suffix = grownStates(joined.suffix, (states) => decoder.reserveSuffix(states, end))
    const data = {
      tokens: block.tensor(),
      position: tf.tensor1d(positions, 'int32'),
      none: tf.zeros([block.batch, 0], 'int32'),
    }
    const prefix = readPrefix(decoder, params, data.tokens, joined.prefix, data.position)
    disposeTree(joined.prefix)
    joined.prefix = prefix.states
    if (system.rule) this.extendChunks(block, prefix.hidden, data.position)
    const { states, last } = predictRows(system, {
      params: decoder.suffixParams(params),
      weights: joined.fast ?? params.prime,
      hidden: prefix.hidden,
      states: joined.suffix,
      position: data.position,
      targets: data.none,
    })
    disposeTree([data, joined.suffix, joined.last, prefix.hidden])
    joined.suffix = states
    joined.last = last
    for (const { state } of this.rows) state.position++
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

  /** Takes the rows apart: their tensors are the caller's, and the group holds none. */
  private split(): { state: ReaderState; tensors: Joined }[] {
    const { joined } = this
    delete this.joined
    if (!joined) return []
    const parts = this.rows.map(({ state }, row) => ({ state, tensors: tidy(() => rowOf(joined, row)) }))
    disposeTree(joined)
    return parts
  }

  /** Puts rows side by side, their caches made equally large; takes their tensors over. */
  private join(parts: readonly Joined[]): void {
    if (parts.length === 0) return
    const { decoder } = this.model.system
    const end = Math.max(...this.rows.map(({ state }) => state.position))
    const grown = parts.map(({ prefix, suffix, ...rest }) => ({
      ...rest,
      prefix: grownStates(prefix, (states) =>
        decoder.prefix.map((stage, i) => stage.reserve(states[i], end)),
      ),
      suffix: grownStates(suffix, (states) => decoder.reserveSuffix(states, end)),
    }))
    const rows = grown.map(treeLeaves)
    this.joined = tidy(() =>
      treeWithLeaves(
        grown[0],
        rows[0].map((_, leaf) =>
          tf.concat(
            rows.map((row) => row[leaf]),
            0,
          ),
        ),
      ),
    )
    disposeTree(grown)
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

const rowOf = <T extends TensorTree>(tree: T, row: number): T =>
  treeMap(tree, (tensor) => tf.slice(tensor, [row], [1]))

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
