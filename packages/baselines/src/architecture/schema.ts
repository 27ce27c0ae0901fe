import type { Architecture } from '@ttt-e2e/swa-transformer'
import { z } from 'zod'

const count = z.int().min(1).max(1e9)
const countOrNone = z.int().min(0).max(1e9)

const atLeastOne = z.number().min(1)

const ropeScaling = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('linear'), factor: atLeastOne }),
  z
    .strictObject({
      type: z.literal('llama3'),
      factor: atLeastOne,
      lowFrequencyFactor: z.number().positive(),
      highFrequencyFactor: z.number().positive(),
      originalLength: count,
    })
    .refine((scaling) => scaling.lowFrequencyFactor < scaling.highFrequencyFactor, {
      error: 'lowFrequencyFactor must be below highFrequencyFactor',
    }),
  z
    .strictObject({
      type: z.literal('yarn'),
      factor: atLeastOne,
      originalLength: count,
      betaFast: z.number().positive(),
      betaSlow: z.number().positive(),
      attentionFactor: z.number().positive(),
      truncate: z.boolean(),
    })
    .refine((scaling) => scaling.betaSlow <= scaling.betaFast, {
      error: 'betaSlow must not be above betaFast',
    }),
])

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
  prime: z.strictObject({ width: countOrNone, split: z.boolean() }).optional(),
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
    scaling: ropeScaling.nullable(),
  }),
  normEpsilon: z.number().positive(),
  postNorms: z.boolean(),
  preConv: countOrNone,
  biases: z.boolean(),
  untiedHead: z.boolean(),
})
