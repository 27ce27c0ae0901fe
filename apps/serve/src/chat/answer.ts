import {
  runCompletion,
  type CompletionPiece,
  type CompletionRequest,
  type Keep,
  type Usage,
} from '../scheduler/run-completion'
import { tokensOf } from '../scheduler/read-tokens'
import type { Service } from '../service'
import type { Transcript } from './transcript'

/** What a request for an answer says, beside the conversation. */
export type AnswerOptions = Omit<CompletionRequest, 'prompts' | 'bestOf'>

/**
 * The assistant's answers to a conversation.
 *
 * @param from the memory to go on from where it isn't one that the request names
 * @throws ApiError as `runCompletion`
 */
export function answer(
  service: Service,
  { text, special, stop }: Transcript,
  options: AnswerOptions,
  { signal, started, keep }: { signal: AbortSignal; started: number; keep?: Keep },
): AsyncGenerator<CompletionPiece, Usage, void> {
  const { memory } = options
  const first = memory === undefined || service.memories.get(memory, 'memory').memory.tokens === 0
  const tokens = tokensOf(service.scheduler.model, text, { first, special, param: 'messages' })
  const request = { ...options, prompts: [{ tokens }], bestOf: options.n, stop: [...options.stop, ...stop] }
  const work = runCompletion(service, request, signal, started, keep)
  return special ? work : withoutLeadingSpace(work)
}

/** What stands between `assistant:` and the answer is none of it. */
async function* withoutLeadingSpace(
  work: AsyncGenerator<CompletionPiece, Usage, void>,
): AsyncGenerator<CompletionPiece, Usage, void> {
  const begun = new Set<number>()
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (done) return value
      const text = begun.has(value.index) ? value.text : value.text.trimStart()
      if (text !== '') begun.add(value.index)
      yield { ...value, text }
    }
  } finally {
    await work.return(undefined as never)
  }
}
