import {
  disposeTree,
  read,
  tf,
  tidy,
  treeLeaves,
  treeMap,
  treeWithLeaves,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import { grownStates, readPrefix, type MixingState } from '@ttt-e2e/swa-transformer'
import { predictRows } from './chunk-programs'
import type { FastWeights } from './fast-weights'
import { closeChunk, extendOpenChunk, learnOpenChunk, type ReadingModel } from './read-piece'
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
    Object.assign(all[leaving].state, all[leaving].tensors)
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
      if (!readers.includes(reader)) Object.assign(before[i].state, before[i].tensors)
    const parts = readers.map((reader) => {
      const known = this.rows.findIndex((row) => row.reader === reader)
      if (known >= 0) return { reader, ...before[known] }
      const state = reader.join(this)
      return { reader, state, tensors: tensorsOf(state) }
    })
    this.rows = parts.map(({ reader, state }) => ({ reader, state }))
    this.join(parts.map(({ tensors }) => tensors))
  }

  /** A step on each full chunk, or the next chunk without one, before the token after it is processed. */
  private endChunks(steps: readonly DecodingStep[]): void {
    const { rule } = this.model.system
    if (!rule || !this.rows.some(({ state }) => state.open.tokens.length === rule.chunk)) return
    const parts = this.split()
    for (const [i, { state, tensors }] of parts.entries()) {
      if (state.open.tokens.length < rule.chunk) continue
      Object.assign(state, tensors)
      const { token, learn } = steps[i]
      if (learn)
        learnOpenChunk(this.model, state, state.position, new TokenBlock(Int32Array.of(token), 1)).dispose()
      else closeChunk(state)
      parts[i].tensors = tensorsOf(state)
    }
    this.join(parts.map(({ tensors }) => tensors))
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
    if (system.rule) this.extendChunks(block, prefix.hidden)
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

  private extendChunks(block: TokenBlock, hidden: Tensor): void {
    this.rows.forEach(({ state }, row) => {
      const own = tidy(() => tf.slice(hidden, [row, 0, 0], [1, -1, -1]))
      extendOpenChunk(state, new TokenBlock(block.row(row), 1), own)
      own.dispose()
    })
  }

  /** Takes the rows apart: their tensors are the caller's, and the group holds none. */
  private split(): { state: ReaderState; tensors: Joined }[] {
    const { joined } = this
    delete this.joined
    if (!joined) return []
    const parts = this.rows.map(({ state }, row) => ({
      state,
      tensors: tidy(() => treeMap(joined, (tensor) => tf.slice(tensor, [row], [1]))),
    }))
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
}

const tensorsOf = ({ fast, prefix, suffix, last }: ReaderState): Joined => ({
  ...(fast && { fast }),
  prefix,
  suffix,
  last: last!,
})
