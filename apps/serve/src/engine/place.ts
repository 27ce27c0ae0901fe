import type { Engine } from './engine'

/** A request's place at the model: lets it take turns, and ends them when its client has gone. */
export class Place {
  private readonly controller = new AbortController()
  private readonly abortWithClient = () => this.controller.abort(this.client.reason)

  constructor(
    private readonly client: AbortSignal,
    private readonly engine: Engine,
  ) {
    if (client.aborted) this.abortWithClient()
    else client.addEventListener('abort', this.abortWithClient)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Does one small piece of work with the model to itself. @throws the abort's reason instead, once aborted */
  turn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.engine.turn(this.signal, work)
  }

  abort(reason: unknown): void {
    this.controller.abort(reason)
  }

  /** Gives the place to the next request; a second time does nothing. */
  leave(): void {
    this.client.removeEventListener('abort', this.abortWithClient)
    this.engine.leave(this)
  }
}
