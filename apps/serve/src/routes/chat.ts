import { createRoute } from '@hono/zod-openapi'
import { answer } from '../chat/answer'
import { messageOf } from '../chat/message'
import { takesTools, transcriptOf } from '../chat/transcript'
import { ApiError } from '../http/api-error'
import { clientSignal } from '../http/client-signal'
import { lineStream } from '../http/line-stream'
import { receiveJson } from '../http/receive-body'
import { logOf } from '../operating/log-requests'
import { collect } from '../scheduler/collect'
import type { CompletionPiece } from '../scheduler/run-completion'
import type { TokenScore } from '../scheduler/token-score'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import {
  answerTokens,
  chatAnswerSchema,
  chatChunkSchema,
  chatSchema,
  type ChatAnswer,
  type ChatBody,
  type ChatChunk,
} from './chat-schema'
import { checkModel } from './check-model'
import { answerFacts, choiceStream } from './choice-stream'
import { refuseEarly } from './refuse-early'
import { samplingOf } from './sampling'
import { failures } from './schemas'

export const addChat: AddRoutes = (app, { service, limits }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/chat/completions',
    operationId: 'createChatCompletion',
    summary: 'Answers a conversation, from a memory where one is named',
    middleware: [refuseEarly({ service, limits }), receiveJson(limits)],
    request: { body: { required: true, content: { 'application/json': { schema: chatSchema(limits) } } } },
    responses: {
      200: {
        description: 'The answer, sent when it is whole; with stream: true its pieces as server-sent events',
        content: {
          'application/json': { schema: chatAnswerSchema },
          'text/event-stream': { schema: chatChunkSchema },
        },
      },
      ...failures,
    },
  })
  app.openapi(route, async (c) => {
    const started = performance.now()
    const served = service(c)
    const body = c.req.valid('json')
    checkModel(served, body.model)
    const { tokenizer } = served.scheduler.model
    if (body.tools && !takesTools(tokenizer))
      throw new ApiError(400, 'no_tools', 'tools: the model’s chat template has no place for tools', 'tools')
    const tools = body.tool_choice === 'none' ? undefined : (body.tools ?? undefined)
    const transcript = await transcriptOf(tokenizer, body.messages.map(messageOf), tools)
    const options = optionsOf(served, body, Math.min(answerTokens, limits.maxTokens))
    const { signal, stop } = clientSignal(c)
    const work = await answer(served, transcript, options, { signal, started, param: 'messages' })
    const same = answerFacts('chatcmpl', served)
    const scored = body.logprobs ?? false
    if (body.stream) {
      const { silenceSeconds } = limits
      const chunk = { ...same, object: 'chat.completion.chunk' as const }
      const counted = body.stream_options?.include_usage ?? false
      const messages = choiceStream(work, chunk, chunkChoices(scored), counted)
      return lineStream(messages, { format: 'sse', log: logOf(c), stop, silenceSeconds })
    }
    const { completions, usage } = await collect(work)
    const choices = completions.map(({ index, text, scores, reason }) => ({
      index,
      message: { role: 'assistant' as const, content: text, refusal: null },
      logprobs: scored ? logprobsOf(scores) : null,
      finish_reason: reason,
    }))
    return c.json({ ...same, object: 'chat.completion' as const, choices, usage }, 200)
  })
}

function optionsOf(service: Service, body: ChatBody, usual: number) {
  return {
    ...samplingOf(service, body),
    n: body.n ?? 1,
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? usual,
    ...(body.logprobs && { scores: body.top_logprobs ?? 0 }),
  }
}

type Logprobs = ChatAnswer['choices'][number]['logprobs']

const logprobsOf = (scores: readonly TokenScore[]): Logprobs => ({
  content: scores.map((score) => ({ ...scoreOf(score), top_logprobs: score.top.map(scoreOf) })),
})

// An answer's first token comes after a question, so that every one was predicted.
const scoreOf = ({ text, logprob, bytes }: TokenScore['top'][number]) => ({
  token: text,
  logprob: logprob!,
  bytes,
})

/** The choice of each piece in turn: the first one of an index also says who speaks. */
function chunkChoices(scored: boolean) {
  const begun = new Set<number>()
  return ({ index, text, scores, reason }: CompletionPiece): ChatChunk['choices'][number] => {
    const role = begun.has(index) ? {} : { role: 'assistant' as const }
    begun.add(index)
    return {
      index,
      delta: reason ? role : { ...role, content: text },
      logprobs: scored && scores.length > 0 ? logprobsOf(scores) : null,
      finish_reason: reason,
    }
  }
}
