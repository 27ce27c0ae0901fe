import type { Memory } from '@ttt-e2e/checkpoint'
import type { Message } from '../chat/message'
import { ApiError } from '../http/api-error'
import { shown } from '../http/characters'
import type { ResponseAnswer } from './response-schema'

/** A response that others can go on from. */
export interface StoredResponse {
  answer: ResponseAnswer
  /** The conversation up to and with the answer, without instructions. */
  messages: readonly Message[]
  /** What was read before the answer was given, as text, and what has become of the memory by it. */
  text: string
  memory: Memory
}

export interface ResponseStoreOptions {
  maxCount: number
  /** Of all responses' memories together; tensors that forks share count for each. */
  maxBytes: number
}

/** The last responses, in memory: the one that was used least recently makes room. */
export class ResponseStore {
  private readonly responses = new Map<string, { response: StoredResponse; bytes: number }>()
  private bytes = 0

  constructor(private readonly options: ResponseStoreOptions) {}

  /** @throws ApiError 404 */
  get(id: string, param = 'id'): StoredResponse {
    const found = this.responses.get(id)
    if (!found)
      throw new ApiError(
        404,
        'response_not_found',
        `there is no response '${shown(id)}': the last ${this.options.maxCount} are kept, unless store was false`,
        param,
      )
    // Put last: the first one is the one that goes.
    this.responses.delete(id)
    this.responses.set(id, found)
    return found.response
  }

  /** Owns the response's memory from here on. */
  add(response: StoredResponse): void {
    const bytes = response.memory.stateBytes()
    this.responses.set(response.answer.id, { response, bytes })
    this.bytes += bytes
    const { maxCount, maxBytes } = this.options
    for (const id of this.responses.keys())
      if (this.responses.size > maxCount || this.bytes > maxBytes) this.delete(id)
  }

  /** @throws ApiError 404 */
  delete(id: string): void {
    this.get(id).memory.dispose()
    this.bytes -= this.responses.get(id)!.bytes
    this.responses.delete(id)
  }

  dispose(): void {
    for (const id of this.responses.keys()) this.delete(id)
  }
}
