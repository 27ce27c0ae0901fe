import type { MemoryPiece, Model } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
import type { Metrics } from '../metrics'
import type { DecodingStep } from '@ttt-e2e/ttt-inner'
import { Job } from './job'
import { TurnLoop } from './turn-loop'

export interface SchedulerOptions {
  /** Requests that take turns. */
  parallel: number
  /** Requests that wait for a place. */
  queue: number
  /** Whether each request reads and decodes by itself, so that others can't change the rounding of its products. */
  deterministic: boolean
  metrics: Metrics
}

/** What can be known of a model without a turn at it. */
export type ModelFacts = Pick<
  Model,
  'hash' | 'name' | 'system' | 'recipe' | 'tokenizer' | 'documentsBeginWithBos'
>

interface Waiter {
  start: () => void
  drop: (reason: unknown) => void
}

/**
 * The only owner of the model, and of the one loop that works with it. A request that was let in waits for a place; with
 * it, it takes turns: one piece of text or one token at a time. Requests that decode take theirs together, one pass through
 * the model for a token of each, and so do those that read, where their pieces fit. Decoding and reading share the model by
 * tokens, see `Shares`: so a long text and answers advance side by side. A request whose client has gone is out before its
 * next turn.
 */
export class Scheduler {
  private readonly jobs = new Set<Job>()
  private readonly places = new Set<Job>()
  private readonly waiting = new Map<Job, Waiter>()
  private readonly loop: TurnLoop
  private closing = false

  constructor(
    private readonly owned: Model,
    private readonly options: SchedulerOptions,
  ) {
    this.loop = new TurnLoop(owned, options)
  }

  get model(): ModelFacts {
    return this.owned
  }

  /** @throws ApiError 429 if a request that came now would find the queue full, 503 if the server is about to end */
  check(): void {
    const { parallel, queue } = this.options
    if (this.closing) throw shuttingDown()
    if (this.places.size >= parallel && this.waiting.size >= queue)
      throw new ApiError(429, 'queue_full', 'too many requests wait already', null, { retryAfter: 1 })
  }

  /**
   * Lets a request in whose work is there: it has a place, or is in the queue, from now on. The caller must end it.
   *
   * @param client frees what the job holds when it aborts
   * @throws ApiError as `check`; the client's reason if it has gone already
   */
  admit(client: AbortSignal): Job {
    this.check()
    client.throwIfAborted()
    const job = new Job(client, this)
    this.jobs.add(job)
    void job.place()
    return job
  }

  /** Waits for a place; what was let in once is never told that the queue is full. */
  enter(job: Job): Promise<void> {
    if (job.signal.aborted) return Promise.reject(job.signal.reason)
    if (this.places.size < this.options.parallel) {
      this.take(job)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const end = () => {
        this.waiting.delete(job)
        job.signal.removeEventListener('abort', aborted)
        this.count()
      }
      const start = () => {
        end()
        // Taken at once: whoever comes now finds it occupied.
        this.take(job)
        resolve()
      }
      const drop = (reason: unknown) => {
        end()
        reject(reason)
      }
      const aborted = () => drop(job.signal.reason)
      this.waiting.set(job, { start, drop })
      job.signal.addEventListener('abort', aborted)
      this.count()
    })
  }

  /** Runs `work` when it is its turn. @throws what `work` throws, or the abort's reason where that came first */
  turn<T>({ signal }: Job, work: (model: Model) => T | Promise<T>): Promise<T> {
    return this.loop.work('alone', signal, work)
  }

  /** The same for work that decodes by `step`: it may run beside other such work. */
  decode<T>({ signal }: Job, work: (model: Model) => T | Promise<T>): Promise<T> {
    return this.loop.work('decode', signal, work)
  }

  /** Reads a piece into a memory, beside those of others. @returns the nats of its tokens; NaN for a text's very first */
  read({ signal }: Job, piece: MemoryPiece): Promise<Float32Array> {
    return this.loop.read(signal, piece)
  }

  /** Reads a token, and tells what comes next: for work that `decode` runs. @returns logits [V] */
  step(step: DecodingStep): Promise<Float32Array> {
    return this.loop.step(step)
  }

  /** Frees a job's place for the next one that waits, or takes it out of the queue. */
  leave(job: Job): void {
    this.waiting.get(job)?.drop(job.signal.reason)
    if (!this.places.delete(job)) return
    const [next] = this.waiting.values()
    if (next) next.start()
    this.count()
  }

  end(job: Job): void {
    if (this.jobs.delete(job) && job.signal.aborted) this.options.metrics.cancelled.inc()
  }

  /**
   * Takes no more requests, lets those that were begun finish and cuts them off after a while.
   *
   * @returns when the model is idle
   */
  async close(graceSeconds: number): Promise<void> {
    this.closing = true
    for (const [{ begun }, { drop }] of this.waiting) if (!begun) drop(shuttingDown())
    const deadline = performance.now() + graceSeconds * 1000
    while (this.jobs.size > 0) {
      if (performance.now() >= deadline) for (const job of this.jobs) job.abort(shuttingDown())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Frees the model, once closed. */
  dispose(): void {
    this.owned.dispose()
  }

  private take(job: Job): void {
    this.places.add(job)
    job.begun = true
    this.count()
  }

  private count(): void {
    this.options.metrics.running.set(this.places.size)
    this.options.metrics.queueDepth.set(this.waiting.size)
  }
}

const shuttingDown = () =>
  new ApiError(503, 'shutting_down', 'the server is about to end', null, { retryAfter: 5 })
