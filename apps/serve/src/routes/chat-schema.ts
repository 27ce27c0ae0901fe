import { z } from '@hono/zod-openapi'
import { messageSchema } from '../chat/message'
import type { Limits } from '../limits'
import { tools } from '../openapi/model-terms'
import { nothing, rule, updateRule, usageRule } from '../openapi/rules'
import { flag, numberFrom, only, optional } from './fields'
import { neutralFields } from './neutral-fields'
import { samplingFields, samplingRules } from './sampling-schema'
import { usageSchema } from './schemas'

/** Tokens of an answer where nothing is said: a model that never ends by itself would go on for long. */
export const answerTokens = 512

const toolsError = 'must be an array of objects that describe functions'

/** Alternatives are told of with scores. */
const alternativesRule = rule({
  anyOf: [
    { properties: { top_logprobs: { anyOf: [{ const: 0 }, nothing] } } },
    { required: ['logprobs'], properties: { logprobs: { const: true } } },
  ],
})

export const chatSchema = ({ maxTokens }: Limits) =>
  z
    .strictObject({
      ...neutralFields,
      ...samplingFields,
      messages: z
        .array(messageSchema, 'must be given, as an array of messages')
        .min(1, 'must have a message')
        .openapi({
          description:
            'Written by the model’s chat template, or as paragraphs `role: content` where it has none, and read after the memory, if one is named',
        }),
      max_tokens: optional(numberFrom(0, maxTokens)).openapi({ description: 'As max_completion_tokens' }),
      max_completion_tokens: optional(numberFrom(0, maxTokens)).openapi({
        default: Math.min(answerTokens, maxTokens),
      }),
      logprobs: optional(flag()),
      top_logprobs: optional(numberFrom(0, 20)),
      tools: optional(
        z
          .array(z.looseObject({ type: z.literal('function', toolsError) }, toolsError), toolsError)
          .openapi({ format: tools }),
      ),
      add_special_tokens: only(false),
    })
    .superRefine((body, context) => {
      for (const { holds, path, message } of samplingRules)
        if (!holds(body)) context.addIssue({ code: 'custom', path, message })
      if (body.top_logprobs && !body.logprobs)
        context.addIssue({ code: 'custom', path: ['top_logprobs'], message: 'needs logprobs: true' })
    })
    .openapi('ChatCompletionRequest', { allOf: [updateRule, usageRule, alternativesRule] })

export type ChatBody = z.infer<ReturnType<typeof chatSchema>>

const scored = { token: z.string(), logprob: z.number(), bytes: z.array(z.int()).nullable() }
const logprobsSchema = z
  .object({ content: z.array(z.object({ ...scored, top_logprobs: z.array(z.object(scored)) })) })
  .nullable()
const common = { id: z.string(), created: z.int(), model: z.string(), usage: usageSchema.nullish() }
const reasonSchema = z.enum(['stop', 'length']).nullable()

export const chatAnswerSchema = z
  .object({
    ...common,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        logprobs: logprobsSchema,
        finish_reason: reasonSchema,
      }),
    ),
  })
  .openapi('ChatCompletion')

export const chatChunkSchema = z
  .object({
    ...common,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(
      z.object({
        index: z.int(),
        delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
        logprobs: logprobsSchema,
        finish_reason: reasonSchema,
      }),
    ),
  })
  .openapi('ChatCompletionChunk')

export type ChatAnswer = z.infer<typeof chatAnswerSchema>
export type ChatChunk = z.infer<typeof chatChunkSchema>
