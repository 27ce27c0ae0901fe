import type { MemoryPiece, Model } from '@ttt-e2e/checkpoint'

/** What gives jobs their places and turns. */
interface Turns {
  enter(job: Job): Promise<void>
  turn<T>(job: Job, work: (model: Model) => T | Promise<T>): Promise<T>
  decode<T>(job: Job, work: (model: Model) => T | Promise<T>): Promise<T>
  read(job: Job, piece: MemoryPiece): Promise<Float32Array>
  leave(job: Job): void
  end(job: Job): void
}

/**
 * A request that was let in. It takes turns at the model while it has a place, which it gives back whenever it waits for
 * its client: a place is held by work that is there. Its turns end when its client has gone.
 */
export class Job {
  private readonly controller = new AbortController()
  private readonly abortWithClient = () => this.controller.abort(this.client.reason)
  /** Whether it ever had a place. */
  begun = false
  private entering: Promise<void> | undefined

  constructor(
    private readonly client: AbortSignal,
    private readonly scheduler: Turns,
  ) {
    client.addEventListener('abort', this.abortWithClient)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Waits for a place; a job that has one, or waits already, keeps it. @throws the abort's reason, or ApiError 503 */
  place(): Promise<void> {
    if (!this.entering) {
      this.entering = this.scheduler.enter(this)
      // Whoever awaits it hears of a failure; a job may also be ended before.
      this.entering.catch(() => {})
    }
    return this.entering
  }

  /** Does one small piece of work with the model to itself. @throws the abort's reason instead, once aborted */
  async turn<T>(work: (model: Model) => T | Promise<T>): Promise<T> {
    await this.place()
    return this.scheduler.turn(this, work)
  }

  /** The same for work that decodes a token by the scheduler's `step`, beside that of others. */
  async decode<T>(work: (model: Model) => T | Promise<T>): Promise<T> {
    await this.place()
    return this.scheduler.decode(this, work)
  }

  /** Reads a piece into a memory, beside those of others. @returns the nats of its tokens; NaN for a text's very first */
  async read(piece: MemoryPiece): Promise<Float32Array> {
    await this.place()
    return this.scheduler.read(this, piece)
  }

  abort(reason: unknown): void {
    this.controller.abort(reason)
  }

  /** Gives the place to the next request, and goes on without one. */
  leave(): void {
    this.entering = undefined
    this.scheduler.leave(this)
  }

  /** Every job that was let in must be ended; a second time does nothing. */
  end(): void {
    this.client.removeEventListener('abort', this.abortWithClient)
    this.leave()
    this.scheduler.end(this)
  }
}
