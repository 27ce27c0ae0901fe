import { giveBackIdle, read, tf, tidy, treeMap, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import type { FastWeights } from './fast-weights'
import { PieceNats, type Nats } from './piece-nats'
import { natsAfter, readPiece } from './read-piece'
import { bytesOfState, copyState, disposeState, startState, type ReaderState } from './reader-state'
import { formOf, restoreState, saveState, type SavedForm, type SavedState } from './saved-state'
import type { Params, System } from './system'
import { TokenBlock } from './token-block'

/** So many tokens take memory on the way that is worth giving back when reading ends. */
const longPiece = 128

export interface ReaderOptions {
  /** Sequences read side by side, each with a memory of its own; 1 where left out. */
  batch?: number
  /** Rate of the inner steps; the rule's own where left out. */
  rate?: number
  /** The share of the way back to W₀ that each inner step goes, see `LearningRule.decay`; the rule's own where left out. */
  decay?: number
  /** A token that is never learned to be predicted (the mark before a document). */
  bosToken?: number
}

export interface ReadOptions {
  /**
   * [B]: the token of each sequence that follows those given, where it is known: it is predicted and not read yet. Where
   * the tokens end with a whole chunk, that is learned from at once.
   */
  next?: Int32Array
  /** Whether chunks that are full, the token after them known, are learned from; where not, they pass by. Yes where left out. */
  learn?: boolean
}

/** What holds the states of readers side by side. */
export interface ReaderHolder {
  /** Gives a reader what it remembers. */
  release(reader: Reader): void
  /** Bytes that it holds for a reader; undefined, or left out, where the reader has them itself. */
  stateBytes?(reader: Reader): number | undefined
}

/**
 * Reads token by token or in pieces of any length, in constant memory where the system's mixers allow it, and learns
 * on the way: a chunk's step is taken when the token after it is known and before that token is processed. Owns its
 * tensors; the parameters stay the caller's.
 *
 * Calls take effect in the order in which they are made, whether or not those before were awaited: only values are
 * waited for.
 *
 * The same tokens in the same pieces leave the same bits; in other pieces, the same memory but for rounding: products of
 * other shapes sum in another order.
 */
export class Reader {
  private readonly batch: number
  private own: ReaderState
  /** Where it is while it reads or decodes beside others. */
  private group?: ReaderHolder
  /** The logits that `nextLogits` has asked for, and the hidden state that they are of. */
  private predicted?: { from: Tensor; logits: Promise<Float32Array> }
  /** Tokens that were read since the engine was last asked to give back what lies idle, and whether the states grew. */
  private since = { tokens: 0, grew: false }

  /** @param from what to go on from, saved by a reader of the same system; a reader of nothing where left out */
  constructor(
    private readonly system: System,
    private readonly params: Params,
    private readonly options: ReaderOptions = {},
    from?: SavedState | ReaderState,
  ) {
    this.batch = options.batch ?? 1
    if (!from) this.own = startState(system, params, this.batch)
    else if ('meta' in from) this.own = restoreState(system, params, this.batch, from)
    else this.own = copyState(from)
  }

  /** Tokens read of each sequence. */
  get position(): number {
    return this.own.positions[0]
  }

  /** Inner steps taken. */
  get steps(): number {
    return this.own.steps[0]
  }

  /** What was said of its inner steps where it was made. */
  get inner(): Pick<ReaderOptions, 'rate' | 'decay'> {
    const { rate, decay } = this.options
    return { ...(rate !== undefined && { rate }), ...(decay !== undefined && { decay }) }
  }

  /**
   * Joins readers that read or decode side by side: the holder changes the state, whose tensors it holds, until it is asked
   * to release the reader. Whatever else is done with the reader asks it to first.
   *
   * @returns the state
   */
  join(group: ReaderHolder): ReaderState {
    const { state } = this
    delete this.predicted
    this.group = group
    return state
  }

  /** Another reader with the same memory; neither changes the other. Constant time: tensors are shared until changed. */
  fork(): Reader {
    return new Reader(this.system, this.params, this.options, this.state)
  }

  /** The memory as plain data, to go on from in another process: `new Reader(system, params, options, saved)`. */
  async save(): Promise<SavedState> {
    return saveState(this.state)
  }

  /** What `save` would give, without the values. */
  form(): SavedForm {
    return formOf(this.state)
  }

  /** What the next token of each sequence is predicted to be: logits [B, V]. @throws before the first token */
  async nextLogits(): Promise<Float32Array> {
    const { last } = this.state
    if (!last) throw new Error('nothing was read yet: there is no next token to predict')
    if (this.predicted?.from !== last) this.predicted = { from: last, logits: this.logitsOf(last) }
    // Whoever asks what comes next may go on token by token: that needs nothing of what pieces took, nor of outgrown caches.
    if (this.since.tokens >= longPiece || this.since.grew) {
      giveBackIdle()
      this.since = { tokens: 0, grew: false }
    }
    return (await this.predicted.logits).slice()
  }

  /**
   * Reads the next `length` tokens of each sequence.
   *
   * @param tokens [B, length], row-major
   * @returns [B, length], with `next` [B, length + 1]: the nats of each token given all before it, with what was learned
   *   up to then; NaN for the very first token, which nothing predicts
   */
  async read(tokens: Int32Array, { next, learn = true }: ReadOptions = {}): Promise<Float32Array> {
    const { batch } = this
    const given = new TokenBlock(tokens, batch)
    if (next && next.length !== batch)
      throw new Error(`${next.length} next tokens were given for ${batch} sequences`)
    const known = next ? given.followedBy(new TokenBlock(next, batch)) : given
    const nats = new PieceNats(batch, known.length)
    try {
      if (this.state.last && known.length > 0) nats.add(0, this.natsOfFirst(known.columns(0, 1)))
      const { system, params, options } = this
      const piece = { known, length: given.length, learn, nats }
      const grew = readPiece({ system, params, ...options }, this.state, piece)
      this.since = { tokens: this.since.tokens + given.length, grew: this.since.grew || grew }
      return await nats.read()
    } finally {
      nats.dispose()
    }
  }

  /** The weights that have learned, shared until the reader changes them: constant time. The caller's; none without a rule. */
  fastWeights(): FastWeights | undefined {
    const { fast } = this.state
    return fast && (treeMap(fast as TensorTree, (tensor) => tf.clone(tensor)) as FastWeights)
  }

  /** Forgets everything: the next token begins a document. */
  reset(): void {
    disposeState(this.state)
    this.own = startState(this.system, this.params, this.batch)
  }

  /** Bytes that this reader holds. */
  stateBytes(): number {
    return this.group?.stateBytes?.(this) ?? bytesOfState(this.state)
  }

  dispose(): void {
    disposeState(this.state)
  }

  /** All that it remembers, in its own hands, to be changed in place; for what reads several side by side. */
  get state(): ReaderState {
    const { group } = this
    delete this.group
    group?.release(this)
    return this.own
  }

  /** The nats of the tokens that follow the last one read [B, 1]. */
  private natsOfFirst(tokens: TokenBlock): Nats {
    const last = this.state.last!
    if (this.predicted?.from === last) {
      const { logits } = this.predicted
      return async () => natsOf(await logits, tokens.tokens)
    }
    const { system, params } = this
    return natsAfter({ system, params }, last, tokens)
  }

  private async logitsOf(last: Tensor): Promise<Float32Array> {
    const { decoder } = this.system
    const logits = tidy(() => decoder.logits(decoder.suffixParams(this.params), last))
    try {
      return await read(logits)
    } finally {
      logits.dispose()
    }
  }
}

/** −log softmax(logits)[token] of each row of logits [B, V]. */
function natsOf(logits: Float32Array, tokens: Int32Array): Float32Array {
  const width = logits.length / tokens.length
  return Float32Array.from(tokens, (token, b) => {
    const row = logits.subarray(b * width, (b + 1) * width)
    const most = row.reduce((a, x) => Math.max(a, x), -Infinity)
    return most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0)) - row[token]
  })
}
