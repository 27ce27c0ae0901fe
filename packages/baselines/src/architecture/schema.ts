import type { Architecture } from '@ttt-e2e/swa-transformer'
import { z } from 'zod'

const count = z.int().min(1).max(1e9)
const countOrNone = z.int().min(0).max(1e9)

/** An architecture as JSON: every field there, of its type and in a range that makes sense, and nothing else. */
export const architectureSchema: z.ZodType<Architecture> = z.strictObject({
  system: z.string().min(1),
  vocabularySize: count,
  hiddenSize: count.max(65_536),
  heads: count,
  layers: count.max(1024),
  mixers: z
    .array(z.strictObject({ name: z.string().min(1), options: z.record(z.string(), z.unknown()).optional() }))
    .min(1),
  intermediateSize: countOrNone,
  suffixBlocks: countOrNone.max(1024),
  rule: z
    .strictObject({
      chunk: count,
      rate: z.number(),
      maxNorm: z.number().positive(),
      decay: z.number().min(0).max(1).optional(),
    })
    .nullable(),
  lossChunk: count.nullable(),
  rope: z.strictObject({
    base: z.number().positive(),
    scaling: z.null({ error: 'scaled RoPE is not implemented; only null can be used' }),
  }),
  normEpsilon: z.number().positive(),
  postNorms: z.boolean(),
  preConv: countOrNone,
  biases: z.literal(false, {
    error: 'linear layers with biases are not implemented; only false can be used',
  }),
  untiedHead: z.boolean(),
})
