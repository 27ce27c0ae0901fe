import type { Memory } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
import type { Service } from '../service'
import { complete, type CompletionEnd, type CompletionOptions } from './complete'
import type { Job } from './job'
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
 *
 * @returns the text in pieces; the request is let in at once, so they must be asked for
 * @throws ApiError at once for all that can be known before it is the request's turn
 */
export function runCompletion(
  service: Service,
  request: CompletionRequest,
  signal: AbortSignal,
  started: number,
): AsyncGenerator<string, CompletionEnd, void> {
  const { scheduler, memories } = service
  const { memory: id, update, prompt } = request
  const first = id === undefined || memories.get(id, 'memory').memory.tokens === 0
  const tokens = tokensOf(scheduler.model, prompt, first, 'prompt')
  if (first && tokens.length === 0)
    throw new ApiError(
      400,
      'empty_prompt',
      'prompt: there must be something to go on from, or a memory',
      'prompt',
    )
  const job = scheduler.admit(signal)
  try {
    const claim = id !== undefined && update ? memories.claim({ id, param: 'memory' }) : undefined
    return run(service, { ...request, prompt: tokens }, { job, release: () => claim?.release() }, started)
  } catch (error) {
    job.end()
    throw error
  }
}

async function* run(
  service: Service,
  { memory: id, update, ...options }: CompletionOptions & Pick<CompletionRequest, 'memory' | 'update'>,
  { job, release }: { job: Job; release: () => void },
  started: number,
): AsyncGenerator<string, CompletionEnd, void> {
  const { memories } = service
  let memory: Memory | undefined
  try {
    const own = await job.turn((model) =>
      id === undefined ? model.startMemory() : memories.get(id, 'memory').memory.fork(),
    )
    memory = own
    const end = yield* complete(job, service, own, options, started)
    if (id !== undefined && update) {
      await job.turn(() => memories.replace(id, own, 'memory'))
      memory = undefined
    }
    return end
  } finally {
    memory?.dispose()
    release()
    job.end()
  }
}
