import { disposeTree, tf, treeBytes, treeMap, type Tensor, type TensorTree } from '@ttt-e2e/tensor-ops'
import { joinStates, stateMetas, stateTensors, type MlpWeights, type SequenceState } from '@ttt-e2e/swa-transformer'
import { learnFromChunk } from './chunk'
import { startFastWeights, type FastWeights } from './fast-weights'
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
 */
export class Reader {
  private readonly batch: number
  private readonly rate: number
  private fast: FastWeights | undefined
  private prefix: SequenceState[]
  private suffix: SequenceState[]
  private open: OpenChunk
  /** Hidden states after the last norm of the last token read [B, 1, D]: they predict the next one. */
  private last: Tensor | undefined
  /** Tokens read of each sequence. */
  position = 0
  /** Inner steps taken. */
  steps = 0

  constructor(
    private readonly system: System,
    private readonly params: Params,
    private readonly options: ReaderOptions = {},
  ) {
    const { decoder, rule } = system
    const batch = (this.batch = options.batch ?? 1)
    this.rate = options.rate ?? rule?.rate ?? 0
    this.fast = rule && tidied(() => startFastWeights(params.prime, batch))
    this.prefix = decoder.prefix.map((stage) => ownState(() => stage.start(stage.params(params), batch)))
    this.suffix = ownStates(() => decoder.startSuffix(decoder.suffixParams(params), batch))
    this.open = { rows: 0, tokens: [], states: copyStates(this.suffix) }
  }

  /**
   * Reads the next `length` tokens of each sequence.
   *
   * @param tokens [B, length], row-major
   * @returns [B, length]: the nats of each token given all before it, with what was learned up to then; NaN for the
   *   very first token, which nothing predicts
   */
  read(tokens: Int32Array): Float32Array {
    const { batch } = this
    const length = tokens.length / batch
    if (!Number.isInteger(length)) throw new Error(`${tokens.length} tokens don't make ${batch} sequences of one length`)
    const losses = new Float32Array(tokens.length).fill(NaN)
    if (length === 0) return losses
    const piece: Piece = { tokens, length, losses }
    if (this.last) this.reportLast(piece)
    const hidden = this.readPrefix(piece)
    for (let j = 0; j < length; ) j += this.readSuffix(piece, hidden, j)
    hidden.dispose()
    this.position += length
    return losses
  }

  /** Bytes that this reader holds. */
  stateBytes(): number {
    const { fast, prefix, suffix, open, last } = this
    const parts = [fast, stateTensors([...prefix, ...suffix, ...open.states]), open.hidden, last]
    return treeBytes(parts.filter((part) => part !== undefined) as TensorTree)
  }

  dispose(): void {
    const { fast, prefix, suffix, open, last } = this
    for (const part of [fast, stateTensors([...prefix, ...suffix, ...open.states]), open.hidden, last])
      if (part) disposeTree(part)
  }

  private reportLast({ tokens, length, losses }: Piece): void {
    const first = columnsOf(tokens, this.batch, length, 0, 1)
    const nats = this.lossesOf(this.last!, first)
    for (let b = 0; b < this.batch; b++) losses[b * length] = nats[b]
  }

  private readPrefix({ tokens, length }: Piece): Tensor {
    const { decoder } = this.system
    let hidden = tidied(() => {
      const ids = tf.tensor(tokens, [this.batch, length], 'int32')
      return decoder.embed(this.params.embedding, ids)
    })
    decoder.prefix.forEach((stage, i) => {
      const before = this.prefix[i]
      const after = runStates(() => {
        const { hidden: next, state } = stage.run(stage.params(this.params), hidden, before)
        return { hidden: next, states: [state] }
      })
      disposeTree([hidden, before.tensors])
      hidden = after.hidden
      this.prefix[i] = after.states[0]
    })
    return hidden
  }

  /** Reads from column j on as far as the open chunk goes. @returns how many tokens that was */
  private readSuffix(piece: Piece, hidden: Tensor, j: number): number {
    const size = this.system.rule?.chunk ?? Infinity
    if (this.open.rows === size) this.learn(piece.tokens, piece.length, j)
    const rest = piece.length - j
    const rows = Math.min(rest, size - this.open.rows)
    const own = tidied(() => tf.slice(hidden, [0, j, 0], [-1, rows, -1]))
    if (this.system.rule) this.extendOpen(own, piece, j, rows)
    if (this.open.rows === size && rows === size && rest > size) {
      // The whole chunk and the token after it are here: the step's own prediction is the only one needed.
      this.report(piece, j, this.learn(piece.tokens, piece.length, j + rows), rows)
      own.dispose()
      return rows
    }
    this.predict(piece, own, j, rows)
    own.dispose()
    return rows
  }

  private predict(piece: Piece, hidden: Tensor, j: number, rows: number): void {
    const { decoder } = this.system
    const params = decoder.suffixParams(this.params)
    const after = runStates(() => decoder.readSuffix(params, this.weights(), hidden, this.suffix))
    disposeTree(stateTensors(this.suffix))
    this.suffix = after.states
    const known = Math.min(rows, piece.length - j - 1)
    if (known > 0) {
      const predicting = tidied(() => tf.slice(after.hidden, [0, 0, 0], [-1, known, -1]))
      const targets = columnsOf(piece.tokens, this.batch, piece.length, j + 1, j + 1 + known)
      this.report(piece, j, this.lossesOf(predicting, targets), known)
      predicting.dispose()
    }
    this.last?.dispose()
    this.last = tidied(() => tf.slice(after.hidden, [0, rows - 1, 0], [-1, 1, -1]))
    after.hidden.dispose()
  }

  /** The inner step on the open chunk. @param j the column of `tokens` that follows it @returns its losses [B, b] */
  private learn(tokens: Int32Array, length: number, j: number): Float32Array {
    const { batch, open } = this
    const { decoder } = this.system
    const size = open.rows
    const targets = new Int32Array(batch * size)
    for (let b = 0; b < batch; b++) {
      for (let r = 0; r < size - 1; r++) targets[b * size + r] = open.tokens[b][r + 1]
      targets[b * size + size - 1] = tokens[b * length + j]
    }
    const mask = Float32Array.from(targets, (target) => (target === this.options.bosToken ? 0 : 1))
    const metas: Record<string, number>[] = []
    const learned = tf.tidy(() => {
      const chunk = {
        hidden: open.hidden!,
        targets: tf.tensor(targets, [batch, size], 'int32'),
        mask: tf.tensor(mask, [batch, size]),
      }
      const result = learnFromChunk(this.system, decoder.suffixParams(this.params), this.fast!, chunk, open.states, this.rate)
      metas.push(...stateMetas(result.states))
      return { fast: result.fast, states: stateTensors(result.states), tokenLosses: result.tokenLosses } as never
    }) as { fast: FastWeights; states: Record<string, Tensor>[]; tokenLosses: Tensor }
    const losses = learned.tokenLosses.dataSync().slice() as Float32Array
    disposeTree([learned.tokenLosses, open.hidden!, this.fast!, stateTensors([...open.states, ...this.suffix])])
    this.fast = learned.fast
    this.suffix = joinStates(learned.states, metas)
    this.open = { rows: 0, tokens: [], states: copyStates(this.suffix) }
    this.steps++
    return losses
  }

  private extendOpen(hidden: Tensor, { tokens, length }: Piece, j: number, rows: number): void {
    const { open, batch } = this
    const before = open.hidden
    open.hidden = tidied(() => (before ? tf.concat([before, hidden], 1) : tf.clone(hidden)))
    before?.dispose()
    for (let b = 0; b < batch; b++) {
      open.tokens[b] ??= []
      for (let r = 0; r < rows; r++) open.tokens[b].push(tokens[b * length + j + r])
    }
    open.rows += rows
  }

  private weights(): readonly MlpWeights[] {
    return this.fast ?? this.params.prime
  }

  private lossesOf(hidden: Tensor, targets: Int32Array): Float32Array {
    const { decoder } = this.system
    return tf.tidy(() => {
      const shape = [this.batch, targets.length / this.batch]
      const params = decoder.suffixParams(this.params)
      return decoder.losses(params, hidden, tf.tensor(targets, shape, 'int32')).dataSync().slice() as never
    }) as unknown as Float32Array
  }

  private report({ losses, length }: Piece, j: number, nats: Float32Array, rows: number): void {
    for (let b = 0; b < this.batch; b++) losses.set(nats.subarray(b * rows, (b + 1) * rows), b * length + j + 1)
  }
}

interface Piece {
  tokens: Int32Array
  length: number
  losses: Float32Array
}

/** The tokens after the last step, with what a step on them needs: the prefix's output and the states at their start. */
interface OpenChunk {
  rows: number
  tokens: number[][]
  hidden?: Tensor
  states: SequenceState[]
}

const tidied = <T extends TensorTree>(run: () => T): T => tf.tidy(() => run() as never) as T

/** Runs `run` and keeps its hidden states and the tensors of its states, each a tensor of its own. */
function runStates(run: () => { hidden: Tensor; states: SequenceState[] }): { hidden: Tensor; states: SequenceState[] } {
  let metas: Record<string, number>[] = []
  const kept = tidied(() => {
    const { hidden, states } = run()
    metas = stateMetas(states)
    return { hidden: tf.clone(hidden), tensors: treeMap(stateTensors(states), (t) => tf.clone(t)) }
  })
  return { hidden: kept.hidden, states: joinStates(kept.tensors, metas) }
}

function ownStates(run: () => SequenceState[]): SequenceState[] {
  let metas: Record<string, number>[] = []
  const tensors = tidied(() => {
    const states = run()
    metas = stateMetas(states)
    return treeMap(stateTensors(states), (t) => tf.clone(t))
  })
  return joinStates(tensors, metas)
}

const ownState = (run: () => SequenceState): SequenceState => ownStates(() => [run()])[0]
const copyStates = (states: SequenceState[]): SequenceState[] => ownStates(() => states)

function columnsOf(tokens: Int32Array, batch: number, length: number, start: number, end: number): Int32Array {
  const part = new Int32Array(batch * (end - start))
  for (let b = 0; b < batch; b++)
    part.set(tokens.subarray(b * length + start, b * length + end), b * (end - start))
  return part
}
