import type { Memory } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
import { untilAborted } from '../http/generators'
import type { StoredMemory } from '../memories/stored-memory'
import type { Service } from '../service'
import { readTokens, tokensOf } from './read-tokens'

export interface WriteRequest {
  /** The text in pieces; the next one is asked for when the last one was read. */
  texts: AsyncIterable<string> | Iterable<string>
  /** A new memory of this name, or the id of a stored one to read on. */
  to: { name: string | null } | { id: string }
  signal: AbortSignal
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
 * what was there before.
 *
 * @returns progress after every piece, then the stored memory
 */
export async function* writeMemory(
  service: Service,
  { texts, to, signal }: WriteRequest,
): AsyncGenerator<WriteProgress, StoredMemory, void> {
  const { model, memories, engine } = service
  const id = 'id' in to ? to.id : undefined
  const release = id === undefined ? memories.reserve() : memories.beginWrite(id)
  try {
    const place = await engine.enter(signal)
    let memory: Memory | undefined
    try {
      const own = await place.turn(() =>
        id === undefined ? model.startMemory() : memories.get(id).memory.fork(),
      )
      memory = own
      const before = own.tokens
      for await (const text of untilAborted(texts, place.signal)) {
        const tokens = tokensOf(model, text, own.tokens === 0, 'text')
        for await (const { loss } of readTokens(place, service, own, tokens)) {
          const bytes = own.stateBytes()
          memories.checkBytes(bytes, id)
          yield { tokens_read: own.tokens - before, tokens: own.tokens, steps: own.steps, bytes, loss }
        }
      }
      if (own.tokens === before) throw new ApiError(400, 'empty_text', 'the text is empty', 'text')
      const stored = await place.turn(() =>
        id === undefined
          ? memories.add(own, { name: 'name' in to ? to.name : null, parent: null })
          : memories.replace(id, own),
      )
      memory = undefined
      return stored
    } finally {
      memory?.dispose()
      place.leave()
    }
  } finally {
    release()
  }
}
