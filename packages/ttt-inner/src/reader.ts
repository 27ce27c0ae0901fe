import { disposeTree, program, tf, treeMap, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import {
  advanced,
  joinStates,
  stateMetas,
  stateTensors,
  type MlpWeights,
  type SequenceState,
} from '@ttt-e2e/swa-transformer'
import { learnFromChunk } from './chunk'
import { startFastWeights } from './fast-weights'
import {
  bytesOfState,
  copyState,
  disposeState,
  restoreState,
  saveState,
  type ReaderState,
  type SavedState,
} from './reader-state'
import type { Params, System } from './system'

export interface ReaderOptions {
  /** Sequences read side by side, each with a memory of its own; 1 where left out. */
  batch?: number
  /** Rate of the inner steps; the rule's own where left out. */
  rate?: number
  /** A token that is never learned to be predicted (the mark before a document). */
  bosToken?: number
}

/**
 * Reads token by token or in pieces of any length, in constant memory where the system's mixers allow it, and learns
 * on the way: a chunk's step is taken when the token after it is known and before that token is processed. Owns its
 * tensors; the parameters stay the caller's.
 *
 * The same tokens in the same pieces leave the same bits; in other pieces, the same memory but for rounding: products of
 * other shapes sum in another order, and RoPE's angles, taken from places in the window, turn from another one.
 */
export class Reader {
  private readonly batch: number
  private readonly rate: number
  private state: ReaderState
  /** The logits that `nextLogits` has made, and the hidden state that they are of. */
  private predicted?: { from: Tensor; logits: Float32Array }
  /** Whether chunks that fill up from now on are learned from; where not, they pass by. */
  learning = true

  constructor(
    private readonly system: System,
    private readonly params: Params,
    private readonly options: ReaderOptions = {},
    from?: SavedState | ReaderState,
  ) {
    this.batch = options.batch ?? 1
    this.rate = options.rate ?? system.rule?.rate ?? 0
    this.state = startState(system, params, this.batch)
    if (!from) return
    const fresh = this.state
    try {
      this.state = 'meta' in from ? restoreState(from, fresh) : copyState(from)
    } finally {
      disposeState(fresh)
    }
  }

  /** Tokens read of each sequence. */
  get position(): number {
    return this.state.position
  }

  /** Inner steps taken. */
  get steps(): number {
    return this.state.steps
  }

  /** Another reader with the same memory; neither changes the other. Constant time: tensors are shared until changed. */
  fork(): Reader {
    const fork = new Reader(this.system, this.params, this.options, this.state)
    fork.learning = this.learning
    return fork
  }

  /** The memory as plain data, to go on from in another process: `new Reader(system, params, options, saved)`. */
  save(): SavedState {
    return saveState(this.state)
  }

  /** What the next token of each sequence is predicted to be: logits [B, V]. @throws before the first token */
  nextLogits(): Float32Array {
    const { last } = this.state
    if (!last) throw new Error('nothing was read yet: there is no next token to predict')
    if (this.predicted?.from !== last) {
      const { decoder } = this.system
      const logits = tf.tidy(
        () => decoder.logits(decoder.suffixParams(this.params), last).dataSync().slice() as never,
      ) as unknown as Float32Array
      this.predicted = { from: last, logits }
    }
    return this.predicted.logits.slice()
  }

  /**
   * Reads the next `length` tokens of each sequence.
   *
   * @param tokens [B, length], row-major
   * @param next [B]: the token of each sequence that follows them, where it is known: it is predicted and not read yet.
   *   Where the tokens end with a whole chunk, that is learned from at once
   * @returns [B, length], with `next` [B, length + 1]: the nats of each token given all before it, with what was learned
   *   up to then; NaN for the very first token, which nothing predicts
   */
  read(tokens: Int32Array, next?: Int32Array): Float32Array {
    const { batch } = this
    const length = tokens.length / batch
    if (!Number.isInteger(length))
      throw new Error(`${tokens.length} tokens don't make ${batch} sequences of one length`)
    if (next && next.length !== batch)
      throw new Error(`${next.length} next tokens were given for ${batch} sequences`)
    const known = next ? length + 1 : length
    const losses = new Float32Array(batch * known).fill(NaN)
    const piece: Piece = { tokens: next ? beside(tokens, next) : tokens, length, known, losses }
    if (this.state.last && known > 0) this.reportLast(piece)
    if (length === 0) return losses
    const hidden = this.readPrefix(piece)
    for (let j = 0; j < length;) j += this.readSuffix(piece, hidden, j)
    hidden.dispose()
    this.state.position += length
    return losses
  }

  /** Forgets everything: the next token begins a document. */
  reset(): void {
    disposeState(this.state)
    this.state = startState(this.system, this.params, this.batch)
  }

  /** Bytes that this reader holds. */
  stateBytes(): number {
    return bytesOfState(this.state)
  }

  dispose(): void {
    disposeState(this.state)
  }

  private reportLast(piece: Piece): void {
    const tokens = this.columns(piece, 0, 1)
    const { last } = this.state
    const nats =
      this.predicted?.from === last ? natsOf(this.predicted!.logits, tokens) : this.lossesOf(last!, tokens)
    this.report(piece, -1, nats, 1)
  }

  private readPrefix(piece: Piece): Tensor {
    const { length } = piece
    const { prefix, embed } = this.system.decoder
    const before = this.state.prefix
    const metas = stateMetas(before)
    const ids = tf.tensor(this.columns(piece, 0, length), [this.batch, length], 'int32')
    const phases = prefix.map((stage, i) => stage.phase(before[i]))
    const after = program(
      { owner: this.system, key: `read prefix ${phases}` },
      ({ embedding, stages, ids, states }) => {
        let hidden = embed(embedding, ids)
        const tensors = prefix.map((stage, i) => {
          const next = stage.run(stages[i], hidden, { tensors: states[i], meta: metas[i] })
          hidden = next.hidden
          return next.state.tensors
        })
        return { hidden, states: tensors }
      },
      {
        embedding: this.params.embedding,
        stages: prefix.map((stage) => stage.params(this.params)),
        ids,
        states: stateTensors(before),
      },
    )
    disposeTree([ids, stateTensors(before)])
    this.state.prefix = joinStates(after.states, advanced(metas, length))
    return after.hidden
  }

  /** Reads from column j on as far as the open chunk goes. @returns how many tokens that was */
  private readSuffix(piece: Piece, hidden: Tensor, j: number): number {
    const size = this.system.rule?.chunk ?? Infinity
    if (this.state.open.rows === size) {
      if (this.learning) this.learn(piece, j)
      else this.passBorder()
    }
    const rows = Math.min(piece.length - j, size - this.state.open.rows)
    const own = tidied(() => tf.slice(hidden, [0, j, 0], [-1, rows, -1]))
    if (this.system.rule) this.extendOpen(own, piece, j, rows)
    if (this.learning && rows === size && j + rows < piece.known) {
      // The whole chunk and the token after it are here: the step's own prediction is the only one needed.
      this.report(piece, j, this.learn(piece, j + rows), rows)
    } else {
      this.predict(piece, own, j, rows)
    }
    own.dispose()
    return rows
  }

  private predict(piece: Piece, hidden: Tensor, j: number, rows: number): void {
    const { decoder } = this.system
    const before = this.state.suffix
    const metas = stateMetas(before)
    const known = Math.min(rows, piece.known - j - 1)
    const targets = tf.tensor(this.columns(piece, j + 1, j + 1 + known), [this.batch, known], 'int32')
    const after = program(
      { owner: this.system, key: `read suffix ${decoder.suffixPhases(before)}` },
      ({ params, weights, hidden, states, targets }) => {
        const read = decoder.readSuffix(params, weights, hidden, joinStates(states, metas))
        return {
          states: stateTensors(read.states),
          last: rowsOf(read.hidden, rows - 1, 1),
          ...(known > 0 && { losses: decoder.losses(params, rowsOf(read.hidden, 0, known), targets) }),
        }
      },
      {
        params: decoder.suffixParams(this.params),
        weights: this.weights(),
        hidden,
        states: stateTensors(before),
        targets,
      },
    )
    disposeTree([targets, stateTensors(before)])
    this.state.suffix = joinStates(after.states, advanced(metas, rows))
    if (after.losses) {
      this.report(piece, j, after.losses.dataSync() as Float32Array, known)
      after.losses.dispose()
    }
    this.state.last?.dispose()
    this.state.last = after.last
  }

  /** The inner step on the open chunk. @param j the column of the token that follows it @returns its losses [B, b] */
  private learn(piece: Piece, j: number): Float32Array {
    const { batch } = this
    const { open } = this.state
    const { decoder } = this.system
    const size = open.rows
    const following = this.columns(piece, j, j + 1)
    const targets = new Int32Array(batch * size)
    for (let b = 0; b < batch; b++) {
      for (let r = 0; r < size - 1; r++) targets[b * size + r] = open.tokens[b][r + 1]
      targets[b * size + size - 1] = following[b]
    }
    const mask = Float32Array.from(targets, (target) => (target === this.options.bosToken ? 0 : 1))
    const data = {
      targets: tf.tensor(targets, [batch, size], 'int32'),
      mask: tf.tensor(mask, [batch, size]),
      rate: tf.scalar(this.rate),
    }
    const metas = stateMetas(open.states)
    const learned = program(
      { owner: this.system, key: `learn ${decoder.suffixPhases(open.states)}` },
      ({ params, fast, hidden, states, targets, mask, rate }) => {
        const chunk = { hidden, targets, mask }
        const result = learnFromChunk(this.system, params, fast, chunk, joinStates(states, metas), rate)
        return {
          fast: result.fast,
          states: stateTensors(result.states),
          tokenLosses: result.tokenLosses,
          last: rowsOf(result.hidden, size - 1, 1),
        }
      },
      {
        params: decoder.suffixParams(this.params),
        fast: this.state.fast!,
        hidden: open.hidden!,
        states: stateTensors(open.states),
        ...data,
      },
    )
    disposeTree(data)
    const losses = learned.tokenLosses.dataSync().slice() as Float32Array
    disposeTree([
      learned.tokenLosses,
      open.hidden!,
      this.state.fast!,
      stateTensors([...open.states, ...this.state.suffix]),
    ])
    this.state.fast = learned.fast
    this.state.suffix = joinStates(learned.states, advanced(metas, size))
    this.state.last?.dispose()
    this.state.last = learned.last
    this.state.open = { rows: 0, tokens: [], states: copyStates(this.state.suffix) }
    this.state.steps++
    return losses
  }

  /** Leaves a full chunk behind without learning from it. */
  private passBorder(): void {
    const { open, suffix } = this.state
    disposeTree([open.hidden!, stateTensors(open.states)])
    this.state.open = { rows: 0, tokens: [], states: copyStates(suffix) }
  }

  private extendOpen(hidden: Tensor, { tokens, known }: Piece, j: number, rows: number): void {
    const { batch } = this
    const { open } = this.state
    const before = open.hidden
    open.hidden = tidied(() => (before ? tf.concat([before, hidden], 1) : tf.clone(hidden)))
    before?.dispose()
    for (let b = 0; b < batch; b++) {
      open.tokens[b] ??= []
      for (let r = 0; r < rows; r++) open.tokens[b].push(tokens[b * known + j + r])
    }
    open.rows += rows
  }

  private weights(): readonly MlpWeights[] {
    return this.state.fast ?? this.params.prime
  }

  private lossesOf(hidden: Tensor, targets: Int32Array): Float32Array {
    const { decoder } = this.system
    return tf.tidy(() => {
      const shape = [this.batch, targets.length / this.batch]
      const params = decoder.suffixParams(this.params)
      return decoder
        .losses(params, hidden, tf.tensor(targets, shape, 'int32'))
        .dataSync()
        .slice() as never
    }) as unknown as Float32Array
  }

  /** The nats of the tokens after columns [j, j + rows). */
  private report({ losses, known }: Piece, j: number, nats: Float32Array, rows: number): void {
    for (let b = 0; b < this.batch; b++)
      losses.set(nats.subarray(b * rows, (b + 1) * rows), b * known + j + 1)
  }

  /** Columns [start, end) of a piece's tokens [B, end − start]. */
  private columns({ tokens, known }: Piece, start: number, end: number): Int32Array {
    const columns = new Int32Array(this.batch * (end - start))
    for (let b = 0; b < this.batch; b++)
      columns.set(tokens.subarray(b * known + start, b * known + end), b * (end - start))
    return columns
  }
}

/** What `read` was given. */
interface Piece {
  /** [B, known] */
  tokens: Int32Array
  /** Columns to read. */
  length: number
  /** One more where the token after them is known. */
  known: number
  /** [B, known] */
  losses: Float32Array
}

/** [B, length] and [B] as [B, length + 1]. */
function beside(tokens: Int32Array, next: Int32Array): Int32Array {
  const length = tokens.length / next.length
  const joined = new Int32Array(tokens.length + next.length)
  next.forEach((token, b) => {
    joined.set(tokens.subarray(b * length, (b + 1) * length), b * (length + 1))
    joined[b * (length + 1) + length] = token
  })
  return joined
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

const rowsOf = (hidden: Tensor, start: number, count: number) =>
  tf.slice(hidden, [0, start, 0], [-1, count, -1])

const tidied = <T extends TensorTree>(run: () => T): T => tf.tidy(() => run() as never) as T

function copyStates(states: SequenceState[]): SequenceState[] {
  const tensors = treeMap(stateTensors(states), (t) => tf.clone(t))
  return joinStates(tensors, structuredClone(stateMetas(states)))
}

function startState(system: System, params: Params, batch: number): ReaderState {
  const { decoder, rule } = system
  const start = (run: () => SequenceState[]): SequenceState[] => {
    let metas: Record<string, number>[] = []
    const tensors = tidied(() => {
      const states = run()
      metas = stateMetas(states)
      return treeMap(stateTensors(states), (t) => tf.clone(t))
    })
    return joinStates(tensors, metas)
  }
  const suffix = start(() => decoder.startSuffix(decoder.suffixParams(params), batch))
  return {
    ...(rule && { fast: tidied(() => startFastWeights(params.prime, batch)) }),
    prefix: start(() => decoder.prefix.map((stage) => stage.start(stage.params(params), batch))),
    suffix,
    open: { rows: 0, tokens: [], states: copyStates(suffix) },
    position: 0,
    steps: 0,
  }
}
