import { z } from '@hono/zod-openapi'
import { stringOf } from './fields'

const errorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string(),
    }),
  })
  .openapi('Error')

/** The answer to a request that can't be met, the same for every route. */
export const failures = {
  default: { description: 'What is wrong', content: { 'application/json': { schema: errorSchema } } },
} as const

/** Of memories. */
export const nameSchema = stringOf(1, 200)
  // oxlint-disable-next-line no-control-regex
  .refine((name) => /^[^\u0000-\u001f\u007f]*$/.test(name), 'must not have control characters')
  .openapi({ pattern: '^[^\\u0000-\\u001f\\u007f]*$' })

export const idParams = z.object({ id: z.string().openapi({ example: 'mem_0123456789abcdef01234567' }) })

/** An empty parameter of a query is one that was left out. */
export const nameQuery = z.strictObject({ name: nameSchema.or(z.literal('')).optional() })

export const memorySchema = z
  .object({
    id: z.string(),
    object: z.literal('memory'),
    name: z.string().nullable(),
    model: z.string(),
    model_hash: z.string().openapi({ description: 'Of the weights; only they can go on from this memory' }),
    parent: z.string().nullable().openapi({ description: 'The memory that it was forked from' }),
    created: z.int().openapi({ description: 'Unix time in seconds' }),
    tokens: z.int().openapi({ description: 'Tokens read' }),
    steps: z.int().openapi({ description: 'Inner steps taken' }),
    bytes: z.int().openapi({ description: 'Size in memory; it does not grow with what is read' }),
    version: z.int().openapi({ description: 'One more with each change' }),
    pinned: z.boolean(),
    read_only: z.boolean(),
    expires: z.int().nullable().openapi({ description: 'Unix time in seconds, after which it is gone' }),
    last_used: z.int().openapi({ description: 'Unix time in seconds, to the minute' }),
  })
  .openapi('Memory')
/** A memory as clients see it. */
export type MemoryAnswer = z.infer<typeof memorySchema>

export const usageSchema = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    prompt_tokens_details: z.object({
      cached_tokens: z
        .int()
        .openapi({ description: 'Read before, for another text with the same beginning' }),
    }),
    tokens_read: z.int().openapi({ description: 'Tokens processed for this request' }),
    tokens_reused: z.int().openapi({
      description:
        'Tokens that were not processed again: of the memory, and of texts with the same beginning',
    }),
    tokens_learned: z.int().openapi({ description: 'Inner steps of this request × chunk' }),
  })
  .openapi('Usage')
