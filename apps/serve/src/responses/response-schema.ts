import { z } from '@hono/zod-openapi'
import { messageSchema } from '../chat/message'
import { nothing, rule } from '../openapi/rules'
import type { Limits } from '../limits'
import { answerTokens } from '../routes/chat-schema'
import { flag, numberFrom, only, optional } from '../routes/fields'
import { neutralFields } from '../routes/neutral-fields'
import { samplingFields } from '../routes/sampling-schema'

const textError =
  'only {"format": {"type": "text"}} is supported here: what is generated follows no grammar; ask for JSON in a message, and check what comes'
const metadataError = 'must be an object of strings'
const inputError = 'must be given: a string, or an array of messages'

/** A response goes on from its own memory. */
const oneBeginning = rule({
  anyOf: [{ properties: { memory: nothing } }, { properties: { previous_response_id: nothing } }],
})

export const responseRequestSchema = ({ maxTokens }: Limits) =>
  z
    .strictObject({
      ...neutralFields,
      ...samplingFields,
      n: neutralFields.n,
      update: only(false),
      input: z.union([z.string(), z.array(messageSchema).min(1)], inputError),
      instructions: optional(z.string('must be a string')).openapi({
        description: 'What a system message at the beginning would say; of this response only',
      }),
      previous_response_id: optional(z.string('must be a string')).openapi({
        description: 'A response to go on from: only what is new is read',
      }),
      store: optional(flag()).openapi({ default: true }),
      max_output_tokens: optional(numberFrom(1, maxTokens)).openapi({
        default: Math.min(answerTokens, maxTokens),
      }),
      metadata: optional(z.record(z.string(), z.string(metadataError), metadataError)),
      text: optional(
        z.strictObject({
          format: optional(z.strictObject({ type: z.literal('text', textError) }, textError)),
          verbosity: only('medium'),
        }),
      ),
      stream_options: optional(
        z.strictObject({
          include_obfuscation: only(false),
          // Its last event tells the usage, asked or not.
          include_usage: optional(flag()),
          continuous_usage_stats: only(false),
        }),
      ),
      tools: optional(z.array(z.unknown()).max(0, 'tools are not supported here')),
      reasoning: optional(
        z.strictObject({ effort: only('none'), summary: only('auto'), generate_summary: only('auto') }),
      ),
    })
    .refine((body) => body.memory == null || body.previous_response_id == null, {
      path: ['memory'],
      message: 'needs no previous_response_id: a response goes on from its own memory',
    })
    .openapi('ResponseRequest', { allOf: [oneBeginning] })

export type ResponseBody = z.infer<ReturnType<typeof responseRequestSchema>>

const statusSchema = z.enum(['in_progress', 'completed', 'incomplete'])

const outputTextSchema = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.unknown()).max(0),
})

export const outputMessageSchema = z.object({
  type: z.literal('message'),
  id: z.string(),
  status: statusSchema,
  role: z.literal('assistant'),
  content: z.array(outputTextSchema),
})

export const responseSchema = z
  .object({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int(),
    status: statusSchema,
    error: z.null(),
    incomplete_details: z.object({ reason: z.literal('max_output_tokens') }).nullable(),
    instructions: z.string().nullable(),
    max_output_tokens: z.int(),
    metadata: z.record(z.string(), z.string()),
    model: z.string(),
    output: z.array(outputMessageSchema),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.string().nullable(),
    store: z.boolean(),
    temperature: z.number(),
    text: z.object({ format: z.object({ type: z.literal('text') }) }),
    tool_choice: z.literal('auto'),
    tools: z.array(z.unknown()).max(0),
    top_p: z.number(),
    truncation: z.literal('disabled'),
    usage: z
      .object({
        input_tokens: z.int(),
        input_tokens_details: z.object({
          cached_tokens: z.int().openapi({ description: 'Tokens that the memory had read before' }),
        }),
        output_tokens: z.int(),
        output_tokens_details: z.object({ reasoning_tokens: z.literal(0) }),
        total_tokens: z.int(),
      })
      .nullable(),
  })
  .openapi('Response')

export type ResponseAnswer = z.infer<typeof responseSchema>
export type OutputMessage = z.infer<typeof outputMessageSchema>

/** What a stream of a response says. */
export const responseEventSchema = z
  .looseObject({ type: z.string(), sequence_number: z.int() })
  .openapi('ResponseEvent')
