import type { Transcript } from '@ttt-e2e/data'
import {
  runCompletion,
  tokensBefore,
  type CompletionPiece,
  type CompletionRequest,
  type Surroundings,
  type Usage,
} from '../scheduler/run-completion'
import { tokensOf } from '../scheduler/read-tokens'
import type { Service } from '../service'

/** What a request for an answer says, beside the conversation. */
export type AnswerOptions = Omit<CompletionRequest, 'prompts' | 'bestOf'>

/** Who asks, since when, and the field that has the conversation. */
export interface Asking extends Surroundings {
  signal: AbortSignal
  started: number
  param: string
}

/**
 * The assistant's answers to a conversation.
 *
 * @throws ApiError as `runCompletion`
 */
export async function answer(
  service: Service,
  { text, special, stop }: Transcript,
  options: AnswerOptions,
  { signal, started, param, ...surroundings }: Asking,
): Promise<AsyncGenerator<CompletionPiece, Usage, void>> {
  const first = (await tokensBefore(service, options.memory, surroundings.from)) === 0
  const tokens = tokensOf(service.scheduler.model, text, { first, special, param })
  const request = { ...options, prompts: [{ tokens }], bestOf: options.n, stop: [...options.stop, ...stop] }
  const work = await runCompletion(service, request, signal, started, surroundings)
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
