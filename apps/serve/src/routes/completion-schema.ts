import { z } from '@hono/zod-openapi'
import { countCharacters } from '../http/characters'
import type { Limits } from '../limits'
import { anyString, flag, numberFrom, only, onlyEmpty, optional } from './fields'
import { usageSchema } from './schemas'

const stopError = 'must be a string, or up to four, of 1 to 256 characters'
const stopSchema = z
  .union([z.string(), z.array(z.string())], stopError)
  .refine((stop) => {
    const strings = typeof stop === 'string' ? [stop] : stop
    return strings.length <= 4 && strings.every((each) => each !== '' && countCharacters(each) <= 256)
  }, stopError)
  .openapi({ description: `The completion ends before it; ${stopError}` })

/** OpenAI's parameters that have no meaning here: values that change nothing are taken, others refused by name. */
const withoutMeaning = {
  n: only(1),
  best_of: only(1),
  echo: only(false),
  logprobs: only(false),
  suffix: only(''),
  presence_penalty: only(0),
  frequency_penalty: only(0),
  logit_bias: onlyEmpty(),
  store: only(false),
  metadata: onlyEmpty(),
  service_tier: only('auto', 'default'),
  user: anyString(),
  safety_identifier: anyString(),
  prompt_cache_key: anyString(),
}

const streamOptions = z.strictObject(
  { include_usage: optional(flag()), include_obfuscation: only(false) },
  'must be an object',
)

export const completionSchema = ({ maxTokens }: Limits) =>
  z
    .strictObject({
      model: optional(z.string('must be a string')).openapi({ description: 'As /v1/models lists it' }),
      prompt: z
        .string('must be given, as one string')
        .openapi({ description: 'Read, and learned from, before the completion begins' }),
      max_tokens: optional(numberFrom(0, maxTokens)).openapi({ default: 16 }),
      temperature: optional(numberFrom(0, 2, { whole: false })).openapi({ default: 1 }),
      top_p: optional(numberFrom(0, 1, { whole: false, above: true })).openapi({ default: 1 }),
      seed: optional(numberFrom(0, 2 ** 32 - 1)).openapi({
        description: 'The same seed, memory and request give the same text',
      }),
      stop: optional(stopSchema),
      stream: optional(flag()),
      stream_options: optional(streamOptions),
      memory: optional(z.string('must be a string')).openapi({
        description: 'The id of a memory to go on from, in a fork of it',
      }),
      learn: optional(flag()).openapi({
        description: 'Whether to learn also from what is generated; the prompt is learned from anyway',
      }),
      update: optional(flag()).openapi({
        description:
          'Whether the memory becomes what the fork of it has read and generated; without it, it never changes',
      }),
      ...withoutMeaning,
    })
    .refine(({ update, memory }) => !update || typeof memory === 'string', {
      path: ['update'],
      message: 'needs a memory to update',
    })
    .refine(({ stream, stream_options: options }) => stream || !options?.include_usage, {
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
