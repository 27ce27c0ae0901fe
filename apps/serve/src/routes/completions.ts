import { randomBytes, randomInt } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { runCompletion } from '../scheduler/run-completion'
import { ApiError } from '../http/api-error'
import { clientSignal } from '../http/client-signal'
import { shown } from '../http/characters'
import { finish } from '../http/generators'
import { lineStream } from '../http/line-stream'
import { receiveBody } from '../http/receive-body'
import type { CompletionEnd } from '../scheduler/complete'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import {
  completionAnswerSchema,
  completionSchema,
  type CompletionAnswer,
  type CompletionBody,
} from './completion-schema'
import { failures } from './schemas'

export const addCompletions: AddRoutes = (app, { service, limits }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/completions',
    summary: 'Completes a prompt, from a memory where one is named',
    middleware: [receiveBody({ json: { maxBytes: limits.bodyBytes, idleSeconds: limits.idleSeconds } })],
    request: {
      body: { required: true, content: { 'application/json': { schema: completionSchema(limits) } } },
    },
    responses: {
      200: {
        description:
          'The completion, sent when it is whole: nothing comes before, however long it takes. With stream: true its ' +
          'pieces as server-sent events: headers at once, comment lines while there is nothing else to say, [DONE] at the end',
        content: {
          'application/json': { schema: completionAnswerSchema },
          'text/event-stream': { schema: completionAnswerSchema },
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
    const { signal, stop } = clientSignal(c)
    const work = runCompletion(served, optionsOf(body), signal, started)
    const answer = answersOf(served)
    if (body.stream) {
      const { silenceSeconds } = limits
      return lineStream(chunks(work, answer, body), { format: 'sse', stop, silenceSeconds })
    }
    let text = ''
    const end = await finish(work, (piece) => (text += piece))
    return c.json(answer(text, end.reason, end.usage), 200)
  })
}

/** @throws ApiError 404 */
export function checkModel({ id }: Service, asked: string | null | undefined): void {
  if (typeof asked === 'string' && asked !== id)
    throw new ApiError(
      404,
      'model_not_found',
      `there is no model '${shown(asked)}'; there is '${id}'`,
      'model',
    )
}

const optionsOf = (body: CompletionBody) => ({
  prompt: body.prompt,
  maxTokens: body.max_tokens ?? 16,
  temperature: body.temperature ?? 1,
  topP: body.top_p ?? 1,
  seed: body.seed ?? randomInt(2 ** 32),
  stop: typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []),
  learn: body.learn ?? false,
  ...(typeof body.memory === 'string' && { memory: body.memory, update: body.update ?? false }),
})

/** Answers to one request: of one id and time. */
function answersOf({ id: model }: Service) {
  const same = {
    id: `cmpl-${randomBytes(12).toString('hex')}`,
    object: 'text_completion' as const,
    created: Math.floor(Date.now() / 1000),
    model,
  }
  return (
    text: string,
    reason: CompletionEnd['reason'] | null,
    usage?: CompletionAnswer['usage'],
  ): CompletionAnswer => ({
    ...same,
    choices: [{ index: 0, text, logprobs: null, finish_reason: reason }],
    ...(usage !== undefined && { usage }),
  })
}

async function* chunks(
  work: AsyncGenerator<string, CompletionEnd, void>,
  answer: ReturnType<typeof answersOf>,
  body: CompletionBody,
): AsyncGenerator<CompletionAnswer, void, void> {
  // Those who ask for the usage get null until the last message, which has it and no choice.
  const counted = body.stream_options?.include_usage ?? false
  const before = counted ? null : undefined
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (!done) {
        yield answer(value, null, before)
        continue
      }
      yield answer('', value.reason, before)
      if (counted) yield { ...answer('', null, value.usage), choices: [] }
      return
    }
  } finally {
    // Nobody reads the end of a generator that is returned early.
    await work.return(undefined as never)
  }
}
