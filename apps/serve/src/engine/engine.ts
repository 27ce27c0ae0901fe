import { pause } from '@ttt-e2e/tensor-ops'
import { ApiError } from '../http/api-error'
import type { Metrics } from '../metrics'
import { Place } from './place'

export interface EngineOptions {
  /** Requests that take turns. */
  parallel: number
  /** Requests that wait for a place. */
  queue: number
  metrics: Metrics
}

interface Turn {
  signal: AbortSignal
  work: () => Promise<void>
  drop: (reason: unknown) => void
}

interface Waiter {
  start: () => void
  drop: (reason: unknown) => void
}

/**
 * The one loop that owns the model. A request waits for a place; with it, it takes turns: one piece of text or one token
 * at a time, first come, first served. So a long text and an answer advance side by side, nothing ever runs at the same
 * time, and a request whose client has gone is out before its next turn.
 */
export class Engine {
  private readonly places = new Set<Place>()
  private readonly waiting = new Set<Waiter>()
  private readonly turns: Turn[] = []
  private looping = false
  private closing = false

  constructor(private readonly options: EngineOptions) {}

  /**
   * Waits for a place at the model; the caller must leave it.
   *
   * @param signal the client's: frees the place's turns when it aborts
   * @throws ApiError 429 when too many wait already, 503 when the server is about to end
   */
  async enter(signal: AbortSignal): Promise<Place> {
    const { parallel, queue } = this.options
    if (this.closing) throw shuttingDown()
    signal.throwIfAborted()
    if (this.places.size >= parallel) {
      if (this.waiting.size >= queue)
        throw new ApiError(429, 'queue_full', 'too many requests wait already', null, 1)
      return this.waitForPlace(signal)
    }
    return this.take(signal)
  }

  /** Runs `work` when it is its turn. @throws what `work` throws, or the signal's reason where that came first */
  turn<T>(signal: AbortSignal, work: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.turns.push({ signal, work: async () => resolve(await work()), drop: reject })
      if (!this.looping) void this.loop()
    })
  }

  /** Frees a place for the next one that waits. */
  leave(place: Place): void {
    if (!this.places.delete(place)) return
    if (place.signal.aborted) this.options.metrics.cancelled.inc()
    const [next] = this.waiting
    if (next) next.start()
    this.count()
  }

  /**
   * Takes no more requests, lets those at the model finish and cuts them off after a while.
   *
   * @returns when the model is idle
   */
  async close(graceSeconds: number): Promise<void> {
    this.closing = true
    for (const { drop } of this.waiting) drop(shuttingDown())
    const deadline = performance.now() + graceSeconds * 1000
    while (this.places.size > 0) {
      if (performance.now() >= deadline) for (const place of this.places) place.abort(shuttingDown())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  private take(signal: AbortSignal): Place {
    const place = new Place(signal, this)
    this.places.add(place)
    this.count()
    return place
  }

  private waitForPlace(signal: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.waiting.delete(waiter)
        signal.removeEventListener('abort', aborted)
        this.count()
      }
      const waiter: Waiter = {
        start: () => {
          end()
          // Taken at once: whoever comes now finds it occupied.
          resolve(this.take(signal))
        },
        drop: (reason) => {
          end()
          reject(reason)
        },
      }
      const aborted = () => {
        this.options.metrics.cancelled.inc()
        waiter.drop(signal.reason)
      }
      this.waiting.add(waiter)
      signal.addEventListener('abort', aborted)
      this.count()
    })
  }

  private async loop(): Promise<void> {
    this.looping = true
    for (let next = this.turns.shift(); next; next = this.turns.shift()) {
      // Sockets, timers and aborts get a turn between two of ours.
      await pause()
      try {
        next.signal.throwIfAborted()
        await next.work()
      } catch (error) {
        next.drop(error)
      }
    }
    this.looping = false
  }

  private count(): void {
    this.options.metrics.running.set(this.places.size)
    this.options.metrics.queueDepth.set(this.waiting.size)
  }
}

const shuttingDown = () => new ApiError(503, 'shutting_down', 'the server is about to end', null, 5)
