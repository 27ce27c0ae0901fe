import type { Memory, Model } from '@ttt-e2e/checkpoint'
import { disposeTree, type TensorTree } from '@ttt-e2e/tensor-ops'
import { weightDistances, type FastWeights } from '@ttt-e2e/ttt-inner'
import type { TraceWriter } from '../memories/reading-trace'
import type { PieceReport } from './read-tokens'

interface Turns {
  turn<T>(work: (model: Model) => T | Promise<T>): Promise<T>
}

/** Pieces of a passage: weights are compared once in each. */
const passagePieces = 4

/** Writes down how reading goes, and how far each passage moves the fast weights of what reads it. */
export class PassageMeter {
  private before: FastWeights | undefined
  private pieces: PieceReport[] = []

  constructor(
    private readonly memory: Memory,
    private readonly trace: TraceWriter,
    /** Whether passages are measured; the losses of pieces cost nothing. */
    private readonly passages: boolean,
  ) {}

  /** A piece was read. */
  async add(job: Turns, piece: PieceReport): Promise<void> {
    const tokens = piece.tokens.length
    this.trace.loss({ from: this.memory.tokens - tokens, tokens, loss: piece.loss })
    if (!this.passages) return
    this.pieces.push(piece)
    if (this.pieces.length >= passagePieces) await this.end(job)
  }

  /** Measures what is left. */
  async end(job: Turns): Promise<void> {
    const pieces = this.pieces.splice(0)
    if (pieces.length === 0) return
    const { moved, text } = await job.turn(async ({ tokenizer }) => ({
      moved: await this.distance(),
      text: tokenizer.decode(pieces.flatMap((piece) => [...piece.tokens])),
    }))
    const tokens = pieces.reduce((sum, piece) => sum + piece.tokens.length, 0)
    this.trace.passage({ from: this.memory.tokens - tokens, tokens, loss: meanOf(pieces), moved, text })
  }

  /** Takes note of the weights that the next passage starts from. */
  start(): void {
    if (this.passages) this.before = this.memory.reader.fastWeights()
  }

  dispose(): void {
    if (this.before) disposeTree(this.before as TensorTree)
    this.before = undefined
  }

  private async distance(): Promise<number> {
    const { before } = this
    const after = this.memory.reader.fastWeights()
    this.before = after
    if (!before || !after) return 0
    const distances = await weightDistances(after, before)
    disposeTree(before as TensorTree)
    return Math.hypot(...distances.map(({ distance }) => distance))
  }
}

function meanOf(pieces: readonly PieceReport[]): number | null {
  const known = pieces.filter(({ loss }) => loss !== null)
  const tokens = known.reduce((sum, piece) => sum + piece.tokens.length, 0)
  return tokens === 0
    ? null
    : known.reduce((sum, piece) => sum + piece.loss! * piece.tokens.length, 0) / tokens
}
