import { randomBytes } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { answer } from '../chat/answer'
import { messageOf } from '../chat/message'
import { takesTools, transcriptOf } from '../chat/transcript'
import { ApiError } from '../http/api-error'
import { clientSignal } from '../http/client-signal'
import { lineStream } from '../http/line-stream'
import { receiveBody } from '../http/receive-body'
import { collect } from '../scheduler/collect'
import type { CompletionPiece, Usage } from '../scheduler/run-completion'
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
import { checkTokenIds } from './prompts'
import { samplingOf } from './sampling-schema'
import { failures } from './schemas'

export const addChat: AddRoutes = (app, { service, limits }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/chat/completions',
    operationId: 'createChatCompletion',
    summary: 'Answers a conversation, from a memory where one is named',
    middleware: [receiveBody({ json: { maxBytes: limits.bodyBytes, idleSeconds: limits.idleSeconds } })],
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
    const served = service()
    const body = c.req.valid('json')
    checkModel(served, body.model)
    const { tokenizer } = served.scheduler.model
    if (body.tools && !takesTools(tokenizer))
      throw new ApiError(400, 'no_tools', 'tools: the model’s chat template has no place for tools', 'tools')
    const tools = body.tool_choice === 'none' ? undefined : (body.tools ?? undefined)
    const transcript = await transcriptOf(tokenizer, body.messages.map(messageOf), tools)
    const options = optionsOf(served, body, Math.min(answerTokens, limits.maxTokens))
    const { signal, stop } = clientSignal(c)
    const work = answer(served, transcript, options, { signal, started, param: 'messages' })
    const same = {
      id: `chatcmpl-${randomBytes(12).toString('hex')}`,
      created: Math.floor(Date.now() / 1000),
      model: served.id,
    }
    const scored = body.logprobs ?? false
    if (body.stream) {
      const { silenceSeconds } = limits
      const counted = body.stream_options?.include_usage ?? false
      return lineStream(chunks(work, { same, scored, counted }), { format: 'sse', stop, silenceSeconds })
    }
    const { completions, usage } = await collect(work)
    const choices = completions.map(({ text, scores, reason }, index) => ({
      index,
      message: { role: 'assistant' as const, content: text, refusal: null },
      logprobs: scored ? logprobsOf(scores) : null,
      finish_reason: reason,
    }))
    return c.json({ ...same, object: 'chat.completion' as const, choices, usage }, 200)
  })
}

function optionsOf(service: Service, body: ChatBody, usual: number) {
  checkTokenIds(service, Object.keys(body.logit_bias ?? {}).map(Number), 'logit_bias')
  return {
    ...samplingOf(body),
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

interface Streaming {
  same: Pick<ChatChunk, 'id' | 'created' | 'model'>
  scored: boolean
  counted: boolean
}

async function* chunks(
  work: AsyncGenerator<CompletionPiece, Usage, void>,
  { same, scored, counted }: Streaming,
): AsyncGenerator<ChatChunk, void, void> {
  const chunk = { ...same, object: 'chat.completion.chunk' as const }
  // Those who ask for the usage get null until the last message, which has it and no choice.
  const before = counted ? { usage: null } : {}
  const begun = new Set<number>()
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (done) {
        if (counted) yield { ...chunk, choices: [], usage: value }
        return
      }
      const { index, text, scores, reason } = value
      const role = begun.has(index) ? {} : { role: 'assistant' as const }
      begun.add(index)
      const delta = reason ? role : { ...role, content: text }
      const logprobs = scored && scores.length > 0 ? logprobsOf(scores) : null
      yield { ...chunk, choices: [{ index, delta, logprobs, finish_reason: reason }], ...before }
    }
  } finally {
    // Nobody reads the end of a generator that is returned early.
    await work.return(undefined as never)
  }
}
