import { z } from '@hono/zod-openapi'
import { countCharacters } from '../http/characters'
import { tokenId } from '../openapi/model-terms'
import { flag, numberFrom, only, optional } from './fields'

const stopError = 'must be a string, or up to four, of 1 to 256 characters'
const stopString = { type: 'string', minLength: 1, maxLength: 256 } as const
const stopSchema = z
  .union([z.string(), z.array(z.string())], stopError)
  .refine((stop) => {
    const strings = typeof stop === 'string' ? [stop] : stop
    return strings.length <= 4 && strings.every((each) => each !== '' && countCharacters(each) <= 256)
  }, stopError)
  .openapi({
    description: `The completion ends before it; ${stopError}`,
    anyOf: [stopString, { type: 'array', maxItems: 4, items: stopString }],
  })

/** Keyword of JSON Schema that the framework passes on without knowing it. */
const namedByTokens = { propertyNames: { type: 'string', format: tokenId } }
const biasError = 'must be an object of up to 300 token ids with numbers from -100 to 100'
const biasSchema = z
  .record(z.string(), z.number(biasError), biasError)
  .refine((biases) => {
    const entries = Object.entries(biases)
    const isToken = (id: string) => /^\d{1,9}$/.test(id)
    return entries.length <= 300 && entries.every(([id, bias]) => isToken(id) && Math.abs(bias) <= 100)
  }, biasError)
  .openapi({
    description: `Added to the logits of tokens; ${biasError}`,
    maxProperties: 300,
    additionalProperties: { type: 'number', minimum: -100, maximum: 100 },
    ...namedByTokens,
  })

const part = (least: number, most: number, above = false) =>
  optional(numberFrom(least, most, { whole: false, above }))

/** The most completions of a prompt. */
export const mostChoices = 16

/** How text is drawn, and from which memory: the fields that every kind of completion has. */
export const samplingFields = {
  model: optional(z.string('must be a string')).openapi({ description: 'As /v1/models lists it' }),
  n: optional(numberFrom(1, mostChoices)).openapi({ default: 1 }),
  temperature: part(0, 2).openapi({ default: 1 }),
  top_p: part(0, 1, true).openapi({ default: 1 }),
  top_k: optional(numberFrom(-1, 2 ** 31)).openapi({ description: 'As in vLLM; 0 and -1 for all tokens' }),
  min_p: part(0, 1).openapi({ description: 'As in vLLM' }),
  repetition_penalty: part(0, 10, true).openapi({ description: 'As in vLLM; 1 for none' }),
  presence_penalty: part(-2, 2),
  frequency_penalty: part(-2, 2),
  logit_bias: optional(biasSchema),
  seed: optional(numberFrom(0, 2 ** 32 - 1)).openapi({
    description: 'The same seed, memory and request give the same text',
  }),
  stop: optional(stopSchema),
  ignore_eos: optional(flag()).openapi({ description: 'As in vLLM: goes on where the model would end' }),
  stream: optional(flag()),
  stream_options: optional(
    z.strictObject(
      {
        include_usage: optional(flag()),
        include_obfuscation: only(false),
        continuous_usage_stats: only(false),
      },
      'must be an object',
    ),
  ),
  memory: optional(z.string('must be a string')).openapi({
    description: 'The id of a memory to go on from, in a fork of it',
  }),
  learn: optional(flag()).openapi({
    default: false,
    description: 'Whether to learn also from what is generated',
  }),
  learn_prompt: optional(flag()).openapi({
    default: true,
    description:
      'Whether to learn from what is given; where not, it is read, and the weights stay as they are',
  }),
  update: optional(flag()).openapi({
    description:
      'Whether the memory becomes what the fork of it has read and generated; without it, it never changes',
  }),
}

export type SamplingBody = z.infer<z.ZodObject<typeof samplingFields>>

/** A rule between fields, and how to say that it is broken. */
export interface FieldRule {
  holds(body: SamplingBody): boolean
  path: [string]
  message: string
}

export const samplingRules: readonly FieldRule[] = [
  {
    holds: ({ update, memory }) => !update || typeof memory === 'string',
    path: ['update'],
    message: 'needs a memory to update',
  },
  {
    holds: ({ update, n }) => !update || (n ?? 1) === 1,
    path: ['update'],
    message: 'needs n: 1, as a memory goes on in one way only',
  },
  {
    holds: ({ stream, stream_options: options }) => Boolean(stream) || !options?.include_usage,
    path: ['stream_options'],
    message: 'needs stream: true',
  },
]
