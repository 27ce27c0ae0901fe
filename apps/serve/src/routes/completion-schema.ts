import { z } from '@hono/zod-openapi'
import type { Limits } from '../limits'
import { usageSchema } from './schemas'

const stopString = z.string().min(1).max(256)

/** Parameters of OpenAI's that have one value here; any other is refused rather than ignored. */
const only = <Value extends boolean | number | string | null>(...values: [Value, ...Value[]]) =>
  z
    .literal(values, `only ${values.map((value) => JSON.stringify(value)).join(' or ')} is supported here`)
    .optional()

export const completionSchema = ({ maxTokens }: Limits) =>
  z
    .strictObject({
      model: z.string().optional().openapi({ description: 'As /v1/models lists it' }),
      prompt: z.string().openapi({ description: 'Read, and learned from, before the completion begins' }),
      max_tokens: z.int().min(0).max(maxTokens).nullish().openapi({ default: 16 }),
      temperature: z.number().min(0).max(2).nullish().openapi({ default: 1 }),
      top_p: z.number().gt(0).max(1).nullish().openapi({ default: 1 }),
      seed: z
        .int()
        .min(0)
        .max(2 ** 32 - 1)
        .nullish()
        .openapi({ description: 'The same seed, memory and request give the same text' }),
      stop: z
        .union(
          [stopString, z.array(stopString).min(1).max(4)],
          'must be one to four strings of 1 to 256 characters',
        )
        .nullish(),
      stream: z.boolean().nullish(),
      stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
      user: z.string().optional(),
      memory: z
        .string()
        .optional()
        .openapi({ description: 'The id of a memory to go on from, in a fork of it' }),
      learn: z.boolean().optional().openapi({
        description: 'Whether to learn also from what is generated; the prompt is learned from anyway',
      }),
      update: z.boolean().optional().openapi({
        description:
          'Whether the memory becomes what the fork of it has read and generated; without it, it never changes',
      }),
      n: only(1, null),
      best_of: only(1, null),
      echo: only(false, null),
      logprobs: only(null),
      suffix: only(null),
      presence_penalty: only(0, null),
      frequency_penalty: only(0, null),
      logit_bias: only(null),
    })
    .refine(({ update, memory }) => !update || memory !== undefined, {
      path: ['update'],
      message: 'needs a memory to update',
    })
    .refine(({ stream, stream_options: options }) => stream || !options, {
      path: ['stream_options'],
      message: 'needs stream: true',
    })
    .openapi('CompletionRequest')

export type CompletionBody = z.infer<ReturnType<typeof completionSchema>>

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
        logprobs: z.null(),
        finish_reason: z.enum(['stop', 'length']).nullable(),
      }),
    ),
    usage: usageSchema.nullish(),
  })
  .openapi('Completion')

export type CompletionAnswer = z.infer<typeof completionAnswerSchema>
