import { z } from '@hono/zod-openapi'
import type { Limits } from '../limits'
import { tokenId } from '../openapi/model-terms'
import { bestOfRule, updateRule, usageRule, whereTrue } from '../openapi/rules'
import { flag, numberFrom, only, optional } from './fields'
import { neutralFields } from './neutral-fields'
import { mostChoices, samplingFields, samplingRules } from './sampling-schema'
import { usageSchema } from './schemas'

/** Prompts of one request, and the likeliest tokens to be told of at each place. */
const mostPrompts = 128
const mostAlternatives = 20

const tokenIds = z.array(z.int().min(0))
const aText = { type: 'string', minLength: 1 } as const
const tokensOfText = {
  type: 'array',
  minItems: 1,
  items: { type: 'integer', minimum: 0, format: tokenId },
} as const
const several = <Each extends object>(items: Each) =>
  ({ type: 'array', minItems: 1, maxItems: mostPrompts, items }) as const
const promptError = `must be given: a string, an array of token ids, or up to ${mostPrompts} of either`
const promptSchema = z
  .union([z.string(), tokenIds, z.array(z.string()), z.array(tokenIds)], promptError)
  .refine(
    (prompt) => typeof prompt === 'string' || typeof prompt[0] === 'number' || prompt.length <= mostPrompts,
    promptError,
  )
  .openapi({
    anyOf: [aText, tokensOfText, several(aText), several(tokensOfText)],
    description:
      'Read, and learned from unless learn_prompt is false, before the completion begins; each of several prompts by itself. Token ids are read as they are',
  })

/** What updates a memory is one text. */
const oneOfSeveral = whereTrue('update', {
  properties: { prompt: { anyOf: [aText, tokensOfText, { ...several({}), maxItems: 1 }] } },
})

const logprobsSchema = optional(
  z.union(
    [z.literal(false), numberFrom(0, mostAlternatives)],
    `must be a whole number from 0 to ${mostAlternatives}`,
  ),
).openapi({
  description: 'Of how many of the likeliest tokens at each place to tell, beside the token itself',
})

export const completionSchema = ({ maxTokens }: Limits) =>
  z
    .strictObject({
      ...neutralFields,
      ...samplingFields,
      prompt: promptSchema,
      max_tokens: optional(numberFrom(0, maxTokens)).openapi({ default: 16 }),
      best_of: optional(numberFrom(1, mostChoices)).openapi({
        description: 'Of so many completions the n likeliest are given',
      }),
      echo: optional(flag()).openapi({ description: 'Whether the completion begins with the prompt' }),
      logprobs: logprobsSchema,
      // A text begins with the mark that the model's documents begin with; a template of a chat has its own.
      add_special_tokens: only(true),
    })
    .superRefine((body, context) => {
      for (const { holds, path, message } of samplingRules)
        if (!holds(body)) context.addIssue({ code: 'custom', path, message })
      const n = body.n ?? 1
      if (body.best_of != null && body.best_of < n)
        context.addIssue({ code: 'custom', path: ['best_of'], message: `must be at least n, ${n}` })
      if (body.stream && (body.best_of ?? n) > n)
        context.addIssue({
          code: 'custom',
          path: ['best_of'],
          message: 'needs stream: false, as the likeliest is known at the end only',
        })
      if (body.update && (body.best_of ?? 1) > 1)
        context.addIssue({ code: 'custom', path: ['update'], message: 'needs best_of: 1' })
      if (
        body.update &&
        Array.isArray(body.prompt) &&
        typeof body.prompt[0] !== 'number' &&
        body.prompt.length > 1
      )
        context.addIssue({ code: 'custom', path: ['update'], message: 'needs one prompt' })
    })
    .openapi('CompletionRequest', { allOf: [updateRule, oneOfSeveral, usageRule, bestOfRule] })

export type CompletionBody = z.infer<ReturnType<typeof completionSchema>>

const logprobsAnswer = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
  text_offset: z.array(z.int()),
})

export const completionAnswerSchema = z
  .object({
    id: z.string(),
    object: z.literal('text_completion'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        text: z.string(),
        logprobs: logprobsAnswer.nullable(),
        finish_reason: z.enum(['stop', 'length']).nullable(),
      }),
    ),
    usage: usageSchema.nullish(),
  })
  .openapi('Completion')

export type CompletionAnswer = z.infer<typeof completionAnswerSchema>
