import type { Memory } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
import type { Service } from '../service'
import { complete, type CompletionEnd, type CompletionOptions } from './complete'
import { tokensOf } from './read-tokens'

export interface CompletionRequest extends Omit<CompletionOptions, 'prompt'> {
  prompt: string
  /** The id of the memory to go on from, in a fork of it. */
  memory?: string
  /** Whether the fork takes the memory's place when it is done. */
  update?: boolean
}

/**
 * Completes a prompt in a memory of its own, which is thrown away afterwards unless it is to update the one that it was
 * forked from. A request that fails or is aborted updates nothing.
 */
export async function* runCompletion(
  service: Service,
  request: CompletionRequest,
  signal: AbortSignal,
  started: number,
): AsyncGenerator<string, CompletionEnd, void> {
  const { model, memories, engine } = service
  const { memory: id, update, prompt, ...options } = request
  const first = id === undefined || memories.get(id, 'memory').memory.tokens === 0
  const tokens = tokensOf(model, prompt, first, 'prompt')
  if (first && tokens.length === 0)
    throw new ApiError(
      400,
      'empty_prompt',
      'prompt: there must be something to go on from, or a memory',
      'prompt',
    )
  const release = id !== undefined && update ? memories.beginWrite(id, 'memory') : undefined
  try {
    const place = await engine.enter(signal)
    let memory: Memory | undefined
    try {
      const own = await place.turn(() =>
        id === undefined ? model.startMemory() : memories.get(id, 'memory').memory.fork(),
      )
      memory = own
      const end = yield* complete(place, service, own, { ...options, prompt: tokens }, started)
      if (id !== undefined && update) {
        await place.turn(() => memories.replace(id, own))
        memory = undefined
      }
      return end
    } finally {
      memory?.dispose()
      place.leave()
    }
  } finally {
    release?.()
  }
}
