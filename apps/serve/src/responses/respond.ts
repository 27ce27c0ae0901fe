import { randomBytes } from 'node:crypto'
import type { Memory } from '@ttt-e2e/checkpoint'
import { answer } from '../chat/answer'
import { messageOf, type Message } from '../chat/message'
import { transcriptOf } from '../chat/transcript'
import { answerTokens } from '../routes/chat-schema'
import { samplingOf } from '../routes/sampling'
import type { Ending } from '../scheduler/complete'
import { tokensBefore, type Usage } from '../scheduler/run-completion'
import type { Service } from '../service'
import type { OutputMessage, ResponseAnswer, ResponseBody } from './response-schema'

const idOf = (kind: string) => `${kind}_${randomBytes(24).toString('hex')}`

/** A response in the making. */
export interface Responding {
  /** As it is before the first token. */
  begun: ResponseAnswer
  messageId: string
  /** Pieces of the answer's text; at the end, the response as a whole, which is stored by then if it is to be. */
  work: AsyncGenerator<string, ResponseAnswer, void>
}

/**
 * Answers what is new of a conversation. One that goes on from a response reads what that one hadn't read yet, as long as
 * it begins as that one did: with other instructions all is read again.
 *
 * @throws ApiError at once for all that can be known before it is the request's turn
 */
export async function respond(
  service: Service,
  body: ResponseBody,
  signal: AbortSignal,
  started: number,
): Promise<Responding> {
  const { scheduler, responses, limits } = service
  const options = {
    ...samplingOf(service, body),
    n: 1,
    maxTokens: body.max_output_tokens ?? Math.min(answerTokens, limits.maxTokens),
  }
  const previous =
    typeof body.previous_response_id === 'string'
      ? responses.get(body.previous_response_id, 'previous_response_id')
      : undefined
  const asked: Message[] =
    typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : body.input.map(messageOf)
  const messages = [...(previous?.messages ?? []), ...asked]
  const instructions = body.instructions ? [{ role: 'system', content: body.instructions }] : []
  // Forked before anything is waited for: the response may be forgotten meanwhile.
  const known = previous?.memory.fork()
  const transcript = await transcriptOf(scheduler.model.tokenizer, [...instructions, ...messages]).catch(
    (error: unknown) => {
      known?.dispose()
      throw error
    },
  )
  const goesOn = previous !== undefined && transcript.text.startsWith(previous.text)
  if (!goesOn) known?.dispose()
  const from = goesOn ? known : undefined
  let read: Memory | undefined
  try {
    const before = await tokensBefore(service, options.memory, from)
    const pieces = await answer(
      service,
      { ...transcript, text: goesOn ? transcript.text.slice(previous.text.length) : transcript.text },
      options,
      { signal, started, param: 'input', onPrompt: (memory) => (read = memory), ...(from && { from }) },
    )
    const begun = begin(service, body, options)
    const messageId = idOf('msg')
    const work = async function* (): AsyncGenerator<string, ResponseAnswer, void> {
      let text = ''
      let reason: Ending['reason'] = 'stop'
      try {
        for (;;) {
          const { done, value } = await pieces.next()
          if (done) {
            const whole = end(begun, messageId, { text, reason, usage: value, before })
            if (begun.store && read) {
              const answered = { role: 'assistant', content: text }
              responses.add({
                answer: whole,
                messages: [...messages, answered],
                text: transcript.text,
                memory: read,
              })
              read = undefined
            }
            return whole
          }
          if (value.reason) reason = value.reason
          text += value.text
          if (value.text !== '') yield value.text
        }
      } finally {
        await pieces.return(undefined as never)
        read?.dispose()
        from?.dispose()
      }
    }
    return { begun, messageId, work: work() }
  } catch (error) {
    from?.dispose()
    throw error
  }
}

function begin(
  { id: model }: Service,
  body: ResponseBody,
  { maxTokens, temperature = 1, topP = 1 }: { maxTokens: number; temperature?: number; topP?: number },
): ResponseAnswer {
  return {
    id: idOf('resp'),
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    max_output_tokens: maxTokens,
    metadata: body.metadata ?? {},
    model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: body.previous_response_id ?? null,
    store: body.store ?? true,
    temperature,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: topP,
    truncation: 'disabled',
    usage: null,
  }
}

export const messageWith = (id: string, text: string, status: OutputMessage['status']): OutputMessage => ({
  type: 'message',
  id,
  status,
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
})

function end(
  begun: ResponseAnswer,
  messageId: string,
  { text, reason, usage, before }: { text: string; reason: Ending['reason']; usage: Usage; before: number },
): ResponseAnswer {
  const status = reason === 'length' ? 'incomplete' : 'completed'
  return {
    ...begun,
    status,
    incomplete_details: reason === 'length' ? { reason: 'max_output_tokens' } : null,
    output: [messageWith(messageId, text, status)],
    usage: {
      input_tokens: before + usage.prompt_tokens,
      input_tokens_details: { cached_tokens: usage.tokens_reused },
      output_tokens: usage.completion_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: before + usage.total_tokens,
    },
  }
}
