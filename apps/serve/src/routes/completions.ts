import { createRoute } from '@hono/zod-openapi'
import { runCompletion, type CompletionPiece } from '../scheduler/run-completion'
import { clientSignal } from '../http/client-signal'
import { lineStream } from '../http/line-stream'
import { receiveJson } from '../http/receive-body'
import { logOf } from '../operating/log-requests'
import { collect } from '../scheduler/collect'
import type { TokenScore } from '../scheduler/token-score'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import { checkModel } from './check-model'
import { answerFacts, choiceStream } from './choice-stream'
import {
  completionAnswerSchema,
  completionSchema,
  type CompletionAnswer,
  type CompletionBody,
} from './completion-schema'
import { promptsOf } from './prompts'
import { refuseEarly } from './refuse-early'
import { samplingOf } from './sampling'
import { failures } from './schemas'

export const addCompletions: AddRoutes = (app, { service, limits }) => {
  const route = createRoute({
    method: 'post',
    path: '/v1/completions',
    operationId: 'createCompletion',
    summary: 'Completes a prompt, from a memory where one is named',
    middleware: [refuseEarly({ service, limits }), receiveJson(limits)],
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
    const served = service(c)
    const body = c.req.valid('json')
    checkModel(served, body.model)
    const request = await requestOf(served, body)
    const { signal, stop } = clientSignal(c)
    const work = await runCompletion(served, request, signal, started)
    const same = { ...answerFacts('cmpl', served), object: 'text_completion' as const }
    const choice = choiceOf(request.scores)
    if (body.stream) {
      const { silenceSeconds } = limits
      const messages = choiceStream(work, same, choice, body.stream_options?.include_usage ?? false)
      return lineStream(messages, { format: 'sse', log: logOf(c), stop, silenceSeconds })
    }
    const { completions, usage } = await collect(work)
    return c.json({ ...same, choices: completions.map(choice), usage }, 200)
  })
}

async function requestOf(service: Service, body: CompletionBody) {
  const { prompt, logprobs, echo } = body
  const sampling = samplingOf(service, body)
  const n = body.n ?? 1
  return {
    ...sampling,
    prompts: await promptsOf(service, {
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

/** @param top how many alternatives were asked for; undefined for no scores */
const choiceOf =
  (top: number | undefined) =>
  ({ index, text, scores, reason }: CompletionPiece): Choice => ({
    index,
    text,
    logprobs: top === undefined ? null : logprobsOf(scores),
    finish_reason: reason,
  })

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
