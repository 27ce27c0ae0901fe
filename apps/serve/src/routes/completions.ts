import { randomBytes } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { runCompletion, type CompletionPiece, type Usage } from '../scheduler/run-completion'
import { clientSignal } from '../http/client-signal'
import { lineStream } from '../http/line-stream'
import { receiveBody } from '../http/receive-body'
import { collect } from '../scheduler/collect'
import type { TokenScore } from '../scheduler/token-score'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import { checkModel } from './check-model'
import {
  completionAnswerSchema,
  completionSchema,
  type CompletionAnswer,
  type CompletionBody,
} from './completion-schema'
import { checkTokenIds, promptsOf } from './prompts'
import { samplingOf } from './sampling-schema'
import { failures } from './schemas'

export const addCompletions: AddRoutes = (app, { service, limits }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/completions',
    operationId: 'createCompletion',
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
    const request = requestOf(served, body)
    const { signal, stop } = clientSignal(c)
    const work = runCompletion(served, request, signal, started)
    const answer = answersOf(served, request.scores)
    if (body.stream) {
      const { silenceSeconds } = limits
      const counted = body.stream_options?.include_usage ?? false
      return lineStream(chunks(work, answer, counted), { format: 'sse', stop, silenceSeconds })
    }
    const { completions, usage } = await collect(work)
    const choices = completions.map(({ text, scores, reason }, index) =>
      answer.choice(index, text, scores, reason),
    )
    return c.json({ ...answer.same, choices, usage }, 200)
  })
}

function requestOf(service: Service, body: CompletionBody) {
  const { prompt, logprobs, echo } = body
  checkTokenIds(service, Object.keys(body.logit_bias ?? {}).map(Number), 'logit_bias')
  const sampling = samplingOf(body)
  const n = body.n ?? 1
  return {
    ...sampling,
    prompts: promptsOf(service, {
      prompt,
      echo: echo ?? false,
      ...(sampling.memory !== undefined && { memory: sampling.memory }),
    }),
    maxTokens: body.max_tokens ?? 16,
    n,
    bestOf: body.best_of ?? n,
    ...(typeof logprobs === 'number' && { scores: logprobs }),
  }
}

type Choice = CompletionAnswer['choices'][number]

/** Answers to one request: of one id and time. @param top how many alternatives were asked for; undefined for no scores */
function answersOf({ id: model }: Service, top: number | undefined) {
  const same = {
    id: `cmpl-${randomBytes(12).toString('hex')}`,
    object: 'text_completion' as const,
    created: Math.floor(Date.now() / 1000),
    model,
  }
  const choice = (
    index: number,
    text: string,
    scores: readonly TokenScore[],
    reason: Choice['finish_reason'],
  ): Choice => ({
    index,
    text,
    logprobs: top === undefined ? null : logprobsOf(scores),
    finish_reason: reason,
  })
  return { same, choice }
}

type Answers = ReturnType<typeof answersOf>

const logprobsOf = (scores: readonly TokenScore[]): NonNullable<Choice['logprobs']> => ({
  tokens: scores.map(({ text }) => text),
  token_logprobs: scores.map(({ logprob }) => logprob),
  top_logprobs: scores.map((score) => {
    if (score.logprob === null) return null
    // The token itself is among them, also where others are likelier.
    const all = [...score.top, score].map(({ text, logprob }) => [text, logprob!] as const)
    return Object.fromEntries(all)
  }),
  text_offset: scores.map(({ at }) => at),
})

async function* chunks(
  work: AsyncGenerator<CompletionPiece, Usage, void>,
  { same, choice }: Answers,
  counted: boolean,
): AsyncGenerator<CompletionAnswer, void, void> {
  // Those who ask for the usage get null until the last message, which has it and no choice.
  const before = counted ? { usage: null } : {}
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (!done) {
        const { index, text, scores, reason } = value
        yield { ...same, choices: [choice(index, text, scores, reason)], ...before }
        continue
      }
      if (counted) yield { ...same, choices: [], usage: value }
      return
    }
  } finally {
    // Nobody reads the end of a generator that is returned early.
    await work.return(undefined as never)
  }
}
