import {
  disposeTree,
  liveBytes,
  program,
  tf,
  treeLeaves,
  treeMap,
  vjpProgram,
  type Cotangents,
  type ProgramKey,
  type Tensor,
  type Vjp,
} from '@ttt-e2e/tensor-ops'
import {
  advanced,
  joinStates,
  stateMetas,
  stateTensors,
  type MlpWeights,
  type SequenceState,
  type SuffixParams,
} from '@ttt-e2e/swa-transformer'
import { learnFromChunk, lossChunkOf, predictChunk, type FastWeights, type System } from '@ttt-e2e/ttt-inner'
import { columns, type Batch } from './batch'
import { chunkMeans } from './chunk-means'
import type { GradientSum } from './gradient-sum'

/** What one chunk computed, on request. `fast` and `gradient` are those of its own inner step. */
export interface ChunkRecord {
  /** After the last norm [B, b, D]. */
  hidden: Tensor
  fast?: FastWeights
  gradient?: FastWeights
}

interface Border {
  fast: FastWeights
  states: SequenceState[]
}

type Data = { targets: Tensor; mask: Tensor; rate: Tensor; rateMultiplier: Tensor }
type Inputs = { params: SuffixParams; fast: FastWeights; hidden: Tensor; states: Record<string, Tensor>[] }
type Outputs = { loss: Tensor; fast?: FastWeights; states?: Record<string, Tensor>[] }
type Aux = {
  tokenLosses: Tensor
  hidden: Tensor
  norm?: Tensor
  gradient?: FastWeights
}

interface Piece {
  start: number
  end: number
  learn: boolean
  hidden: Tensor
  data: Data
}

interface ChunkFunction {
  key: ProgramKey
  run(x: Inputs, data: Data): { value: Outputs; aux: Aux }
  inputs: Inputs
  data: Data
}

export interface ChunkWalkOptions {
  /** What the rates of the rule and of mixers that learn are multiplied with. */
  rateMultiplier: number
  checkpointEvery?: number | 'everything'
  memoryBudget: number
  /** How much the mean of a chunk counts in the loss. */
  weight: number
  record: boolean
}

/**
 * The suffix over the chunks of whole sequences, forwards and backwards. For a system without a rule there is one
 * piece, the whole sequence. Owns its tensors, but not `start`.
 */
export class ChunkWalk {
  private readonly pieces: Piece[]
  private readonly borders: (Border | undefined)[]
  private readonly tapes: (Vjp<Inputs, Outputs, Aux> | undefined)[] = []
  private readonly lossChunk: number
  private keepTapes: boolean
  private stride: number
  readonly records: ChunkRecord[] = []
  readonly chunkLosses: Float32Array
  readonly innerNorms: Float32Array
  readonly tokenLosses: Float32Array

  constructor(
    private readonly system: System,
    private readonly params: SuffixParams,
    private readonly batch: Batch,
    hidden: Tensor,
    start: Border,
    private readonly options: ChunkWalkOptions,
  ) {
    const length = batch.length
    this.lossChunk = lossChunkOf(system, length)
    const size = system.rule ? this.lossChunk : length
    const count = Math.ceil(length / size)
    this.pieces = Array.from({ length: count }, (_, i) => {
      const [first, end] = [i * size, Math.min(length, (i + 1) * size)]
      const { tokens, targets, mask } = columns(batch, first, end)
      tokens.dispose()
      // Nobody reads on after the last chunk, so its step is taken only for the record; an unfinished one learns nothing.
      const learn = system.rule !== undefined && end - first === size && (i < count - 1 || options.record)
      const own = tf.tidy(() => tf.slice(hidden, [0, first, 0], [-1, end - first, -1]))
      const rate = tf.scalar((system.rule?.rate ?? 0) * options.rateMultiplier)
      const data = { targets, mask, rate, rateMultiplier: tf.scalar(options.rateMultiplier) }
      return { start: first, end, learn, hidden: own, data }
    })
    this.borders = [start]
    this.keepTapes = options.checkpointEvery === 'everything' || options.checkpointEvery === undefined
    this.stride = typeof options.checkpointEvery === 'number' ? Math.max(1, options.checkpointEvery) : 1
    this.chunkLosses = new Float32Array(batch.batch * Math.ceil(length / this.lossChunk))
    this.innerNorms = new Float32Array(system.rule ? batch.batch * count : 0)
    this.tokenLosses = new Float32Array(batch.batch * length)
  }

  async forward(pause: () => Promise<void>): Promise<void> {
    for (let i = 0; i < this.pieces.length; i++) {
      const before = liveBytes()
      this.step(i, this.keepTapes, true)
      if (i === 0 && this.keepTapes && this.options.checkpointEvery === undefined) {
        const needed = (liveBytes() - before) * this.pieces.length
        if (needed > this.options.memoryBudget) {
          this.keepTapes = false
          this.tapes[0]?.dispose()
          this.tapes[0] = undefined
        }
      }
      if (!this.keepTapes && i % this.stride !== 0) this.dropBorder(i)
      await pause()
    }
  }

  /** @returns gradients with respect to the hidden states and the start's fast weights and states; the caller's */
  async backward(
    sum: GradientSum,
    pause: () => Promise<void>,
  ): Promise<{ hidden: Tensor; fast: FastWeights; states: Record<string, Tensor>[] }> {
    const hiddenGradients: Tensor[] = []
    let later: { fast: FastWeights; states: Record<string, Tensor>[] } | undefined
    for (let i = this.pieces.length - 1; i >= 0; i--) {
      const tape = this.tapes[i] ?? this.taped(i)
      const pulled = tf.tidy(() => {
        const loss = tf.fill(tape.value.loss.shape, this.options.weight)
        const onto = { params: sum.soFar(this.params) } as Cotangents<Inputs>
        return tape.pull({ loss, fast: later?.fast, states: later?.states } as never, onto) as never
      }) as Inputs
      this.tapes[i] = undefined
      if (later) disposeTree([later.fast, later.states])
      sum.replace(this.params, pulled.params)
      hiddenGradients[i] = pulled.hidden
      later = { fast: pulled.fast, states: pulled.states }
      if (i > 0) this.dropBorder(i)
      await pause()
    }
    const hidden = tf.tidy(() => tf.concat(hiddenGradients, 1))
    disposeTree(hiddenGradients)
    return { hidden, ...later! }
  }

  dispose(): void {
    for (const { hidden, data } of this.pieces) disposeTree([hidden, data])
    for (const tape of this.tapes) tape?.dispose()
    for (let i = 1; i < this.borders.length; i++) this.dropBorder(i)
  }

  /** Runs chunk i from its border and leaves the next border. */
  private step(i: number, keepTape: boolean, report: boolean): void {
    const { start, end } = this.pieces[i]
    const { key, run, inputs, data } = this.chunkFunction(i)
    let value: Outputs
    let aux: Aux
    if (keepTape) {
      const tape = vjpProgram<Inputs, Outputs, Data, Aux>(key, run, inputs, data)
      this.tapes[i] = tape
      ;({ value, aux } = tape)
    } else ({ value, aux } = program(key, ({ x, data }) => run(x, data), { x: inputs, data }))
    if (report) this.report(i, value, aux)
    if (this.options.record && report)
      this.records.push({ hidden: aux.hidden, fast: value.fast, gradient: aux.gradient })
    else disposeTree([aux.hidden, ...(aux.gradient ? [aux.gradient] : [])])
    disposeTree([value.loss, aux.tokenLosses, ...(aux.norm ? [aux.norm] : [])])
    if (value.fast) {
      const kept =
        this.options.record && report
          ? treeMap(value.fast as MlpWeights[], (weight) => tf.clone(weight))
          : value.fast
      this.borders[i + 1] = {
        fast: kept,
        states: joinStates(value.states!, advanced(stateMetas(this.borders[i]!.states), end - start)),
      }
    }
  }

  /** A tape for chunk i, whose border is computed again from the last one kept where need be. */
  private taped(i: number): Vjp<Inputs, Outputs, Aux> {
    let from = i
    while (!this.borders[from]) from--
    for (let j = from; j < i; j++) this.step(j, false, false)
    const { key, run, inputs, data } = this.chunkFunction(i)
    const tape = vjpProgram<Inputs, Outputs, Data, Aux>(key, run, inputs, data)
    disposeTree([
      tape.aux.hidden,
      tape.aux.tokenLosses,
      ...treeLeaves([tape.aux.norm ?? [], tape.aux.gradient ?? []]),
    ])
    disposeTree([tape.value.loss, tape.value.fast ?? [], tape.value.states ?? []])
    return tape
  }

  private chunkFunction(i: number): ChunkFunction {
    const { learn, hidden, data } = this.pieces[i]
    const border = this.borders[i]!
    const metas = stateMetas(border.states)
    const phases = this.system.decoder.suffixPhases(border.states)
    const { record } = this.options
    const { system, lossChunk } = this
    return {
      key: { owner: system, key: JSON.stringify(['chunk', learn, record, lossChunk, phases]) },
      inputs: { params: this.params, fast: border.fast, hidden, states: stateTensors(border.states) },
      data,
      run(x, { targets, mask, rate, rateMultiplier }) {
        const chunk = { hidden: x.hidden, targets, mask }
        const states = joinStates(x.states, metas)
        if (!learn) {
          const { loss, tokenLosses, hidden } = predictChunk(
            system,
            x.params,
            x.fast,
            chunk,
            states,
            rateMultiplier,
          )
          return {
            value: { loss: system.rule ? loss : chunkMeans(tokenLosses, mask, lossChunk) },
            aux: { tokenLosses, hidden },
          }
        }
        const learned = learnFromChunk(system, x.params, x.fast, chunk, states, rate, rateMultiplier)
        return {
          value: { loss: learned.loss, fast: learned.fast, states: stateTensors(learned.states) },
          aux: {
            tokenLosses: learned.tokenLosses,
            hidden: learned.hidden,
            norm: learned.norm,
            ...(record && { gradient: learned.gradient }),
          },
        }
      },
    }
  }

  private report(i: number, value: Outputs, aux: Aux): void {
    const { start, end } = this.pieces[i]
    const { batch, length } = this.batch
    const losses = value.loss.dataSync()
    if (this.system.rule) scatter(this.chunkLosses, losses, batch, i, this.pieces.length)
    else this.chunkLosses.set(losses)
    if (aux.norm) scatter(this.innerNorms, aux.norm.dataSync(), batch, i, this.pieces.length)
    const tokenLosses = aux.tokenLosses.dataSync()
    for (let b = 0; b < batch; b++)
      this.tokenLosses.set(
        tokenLosses.subarray(b * (end - start), (b + 1) * (end - start)),
        b * length + start,
      )
  }

  private dropBorder(i: number): void {
    const border = this.borders[i]
    if (border && i > 0) disposeTree([border.fast, stateTensors(border.states)])
    this.borders[i] = i > 0 ? undefined : border
  }
}

function scatter(
  into: Float32Array,
  values: ArrayLike<number>,
  batch: number,
  column: number,
  columnCount: number,
) {
  for (let b = 0; b < batch; b++) into[b * columnCount + column] = values[b]
}
