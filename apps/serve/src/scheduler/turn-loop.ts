import type { MemoryPiece, Model } from '@ttt-e2e/checkpoint'
import { pause } from '@ttt-e2e/tensor-ops'
import type { DecodingStep, ReaderGroup } from '@ttt-e2e/ttt-inner'
import { DecodeTogether } from './decode-together'
import { Shares } from './shares'

interface Turn {
  signal: AbortSignal
  drop: (reason: unknown) => void
}

interface WorkTurn extends Turn {
  work: () => Promise<void>
}

interface ReadTurn extends Turn {
  piece: MemoryPiece
  done: (nats: Float32Array) => void
}

/** A pass that decodes, or other small work, is counted as so many tokens read. */
const smallTurn = 8

/** Tokens that are read in one pass, those of all rows together; a longer piece goes by itself. */
const mostTokens = 4096

/** The one loop that works with a model: a turn of one request, or of several that decode or read, at a time. */
export class TurnLoop {
  private readonly waiting = { decode: [] as WorkTurn[], alone: [] as WorkTurn[], read: [] as ReadTurn[] }
  private readonly shares = new Shares(['decode', 'alone', 'read'] as const)
  private readonly group: ReaderGroup
  private readonly together: DecodeTogether
  private looping = false

  /** @param options.deterministic see `SchedulerOptions` */
  constructor(
    private readonly model: Model,
    private readonly options: { deterministic: boolean },
  ) {
    this.group = model.startGroup()
    this.together = new DecodeTogether(this.group)
  }

  /**
   * Runs `work` when it is its turn, by itself or, where it decodes by `step`, beside other such work.
   *
   * @throws what `work` throws, or the abort's reason where that came first
   */
  work<T>(kind: 'alone' | 'decode', signal: AbortSignal, work: (model: Model) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, drop) =>
      this.queue(kind, this.waiting[kind], {
        signal,
        drop,
        work: async () => resolve(await work(this.model)),
      }),
    )
  }

  /**
   * Reads a piece, beside those of others.
   *
   * @returns the nats of its tokens
   * @throws the abort's reason instead, once aborted; DataError for a token outside the vocabulary
   */
  async read(signal: AbortSignal, { tokens, ...given }: MemoryPiece): Promise<Float32Array> {
    // Looked at before it goes with others, whose pass it would end.
    const piece = { ...given, tokens: this.model.tokensOf(tokens, given.memory) }
    return new Promise((done, drop) => this.queue('read', this.waiting.read, { signal, piece, done, drop }))
  }

  /** Reads a token, and tells what comes next: for work that decodes. @returns logits [V] */
  step(step: DecodingStep): Promise<Float32Array> {
    return this.together.step(step)
  }

  private queue<T>(kind: keyof TurnLoop['waiting'], turns: T[], turn: T): void {
    if (turns.length === 0) this.shares.comeBack(kind)
    turns.push(turn)
    if (!this.looping) void this.loop()
  }

  private async loop(): Promise<void> {
    this.looping = true
    const { waiting, shares } = this
    while (Object.values(waiting).some((turns) => turns.length > 0)) {
      // Sockets, timers and aborts get a turn between two of ours.
      await pause()
      const kind = shares.next((kind) => waiting[kind].length > 0)
      if (kind === 'read') await this.readTogether()
      else {
        shares.spend(kind, smallTurn)
        const all = kind === 'decode' && !this.options.deterministic
        await this.runTogether(waiting[kind].splice(0, all ? Infinity : 1))
      }
    }
    this.looping = false
  }

  private runTogether(turns: readonly WorkTurn[]): Promise<void> {
    return this.together.run(
      turns.map(({ signal, work, drop }) => async () => {
        try {
          signal.throwIfAborted()
          await work()
        } catch (error) {
          drop(error)
        }
      }),
    )
  }

  /** One pass of the piece that came first and of those that fit it. */
  private async readTogether(): Promise<void> {
    const { model, group, waiting } = this
    const present = waiting.read.filter(({ signal }) => !signal.aborted)
    for (const { signal, drop } of waiting.read) if (signal.aborted) drop(signal.reason)
    waiting.read = []
    let taken = present
    if (present.length === 0) return
    try {
      taken = this.options.deterministic ? present.slice(0, 1) : this.fitting(present)
      waiting.read = present.filter((turn) => !taken.includes(turn))
      this.shares.spend('read', taken[0].piece.tokens.length)
      const nats = await model.readTogether(
        group,
        taken.map(({ piece }) => piece),
      )
      taken.forEach(({ done }, i) => done(nats[i]))
    } catch (error) {
      for (const { drop } of taken) drop(error)
    }
  }

  /** The first turn, and those whose pieces go in one pass with its own. */
  private fitting(turns: readonly ReadTurn[]): ReadTurn[] {
    const pieces = turns.map((turn) => {
      const { memory, tokens, learn = true } = turn.piece
      return { reader: memory.reader, tokens, learn, turn }
    })
    const most = Math.max(1, Math.floor(mostTokens / pieces[0].tokens.length))
    return this.group
      .fitting(pieces)
      .slice(0, most)
      .map(({ turn }) => turn)
  }
}
