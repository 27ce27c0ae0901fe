import { createHash } from 'node:crypto'
import type { Memory } from '@ttt-e2e/checkpoint'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { ApiError } from '../http/api-error'
import { orAborted, within } from '../http/waiting'
import type { MemoryRecord } from '../memories/memory-record'
import { TraceWriter } from '../memories/reading-trace'
import type { Service } from '../service'
import { PassageMeter } from './passage-meter'
import { readTokens, tokensOf } from './read-tokens'

export interface WriteRequest {
  /** The text in pieces; the next one is asked for when the last one was read. */
  texts: AsyncIterable<string> | Iterable<string>
  /** Where the client has put the text: the field of its request, or its body. */
  param: string
  /** A new memory of this name, or the id of a stored one to read on. */
  to: { name: string | null } | { id: string }
  signal: AbortSignal
  /** Whether to measure how far passages move the weights. */
  passages?: boolean
  /** Whether to learn from the text; yes where left out. */
  learn?: boolean
}

/** How far a text was read. */
export interface WriteProgress {
  /** Tokens of the text that were read so far. */
  tokens_read: number
  /** Tokens of the memory: also those it had read before. */
  tokens: number
  steps: number
  bytes: number
  /** Mean nats per token of the last piece; null where nothing was predicted. */
  loss: number | null
}

/**
 * Reads a text into a memory. It is stored when all of it was read: whoever asks for it before, or after a failure, gets
 * what was there before. Nothing that others need is held for a client that has sent less than a piece: room, a memory
 * and a place are taken when the first piece is there, the place again for every piece, and a client that has begun must
 * send a piece in `idleSeconds`.
 *
 * @returns progress after every piece, then the stored memory
 * @throws ApiError at once for all that can be known without the text
 */
export async function writeMemory(
  service: Service,
  request: WriteRequest,
): Promise<AsyncGenerator<WriteProgress, MemoryRecord, void>> {
  const { memories, scheduler } = service
  scheduler.check()
  const claim = await memories.claim(request.to)
  claim.release()
  return write(service, request)
}

async function* write(
  service: Service,
  { texts, param, to, signal, passages: measures = false, learn = true }: WriteRequest,
): AsyncGenerator<WriteProgress, MemoryRecord, void> {
  const { scheduler, memories, limits } = service
  // What isn't learned from moves nothing.
  const passages = measures && learn
  const pieces = Symbol.asyncIterator in texts ? texts[Symbol.asyncIterator]() : texts[Symbol.iterator]()
  const nextPiece = async () => pieces.next()
  try {
    let piece = await orAborted(nextPiece(), signal)
    if (piece.done) throw new ApiError(400, 'empty_text', 'the text is empty', param)
    const claim = await memories.claim(to)
    try {
      const job = scheduler.admit(signal)
      let memory: Memory | undefined
      let meter: PassageMeter | undefined
      try {
        const opened = 'id' in to ? await memories.open(job, to.id) : undefined
        const own = opened?.memory ?? (await job.turn((model) => model.startMemory()))
        memory = own
        const before = own.tokens
        const trace = new TraceWriter(opened?.record)
        const hash = createHash('sha256')
        const measured = new PassageMeter(own, trace, passages)
        meter = measured
        if (passages) await job.turn(() => measured.start())
        while (!piece.done) {
          hash.update(piece.value)
          const tokens = tokensOf(scheduler.model, piece.value, { first: own.tokens === 0, param })
          for await (const read of readTokens(job, service, { memory: own, tokens, learn })) {
            await measured.add(job, read)
            const { loss } = read
            const bytes = own.stateBytes()
            await claim.hold(bytes)
            yield { tokens_read: own.tokens - before, tokens: own.tokens, steps: own.steps, bytes, loss }
          }
          job.leave()
          piece = await orAborted(within(nextPiece(), limits.idleSeconds, tooSlow), job.signal)
        }
        if (own.tokens === before) throw new ApiError(400, 'empty_text', 'the text is empty', param)
        await measured.end(job)
        // Counted with the memory itself from here on.
        await claim.hold(0)
        trace.source({ kind: 'text', sha256: hash.digest('hex'), tokens: own.tokens - before, learn })
        const stored = opened
          ? await memories.replace(job, opened.record, own, trace.end())
          : await memories.add(job, own, {
              name: 'name' in to ? to.name : null,
              parent: null,
              ...trace.end(),
            })
        memory = undefined
        return stored
      } finally {
        meter?.dispose()
        memory?.dispose()
        job.end()
      }
    } finally {
      claim.release()
    }
  } finally {
    // Not waited for: what never comes must not hold up whoever ends.
    Promise.resolve(pieces.return?.()).catch(() => {})
  }
}

const tooSlow = (seconds: number) =>
  new ApiError(
    408,
    'text_too_slow',
    `the next piece of the text (8192 characters) did not come within ${counted(seconds, 'second')}; send what comes slowly in several requests`,
  )
