import { trainedParts, type Recipe } from '@ttt-e2e/meta-outer'
import { z } from 'zod'

const count = z.int().min(1).max(1e9)
const countOrNone = z.int().min(0).max(1e9)
const finite = z.number()
const share = z.number().min(0).lt(1)

const size = z.strictObject({
  vocabularySize: count,
  hiddenSize: count.max(65_536),
  heads: count,
  layers: count.max(1024),
  intermediateSize: count,
  suffixBlocks: countOrNone.max(1024),
  window: count,
  chunk: count,
  innerRate: finite,
  innerDecay: z.number().min(0).max(1).optional(),
  ropeTheta: z.number().positive(),
})

const schedule = z.strictObject({
  steps: countOrNone,
  peakLearningRate: finite,
  endLearningRate: finite,
  warmupSteps: countOrNone,
  innerWarmupSteps: countOrNone,
  innerRateStart: finite,
})

/** Runs of before there was a choice were of windows. */
const rows = z.enum(['windows', 'packed']).default('windows')

const warmStart = z.strictObject({
  from: z.string(),
  hash: z.string(),
  prime: z.enum(['zero-output', 'split']),
  primeWidth: count,
  primeWeights: z.enum(['own', 'random']),
  keepFirst: countOrNone.max(16),
  keptPositions: z.enum(['cache', 'text']),
})

/** A recipe as JSON: every field there, of its type and in a range that makes sense, and nothing else. */
export const recipeSchema: z.ZodType<Recipe> = z.strictObject({
  name: z.string().min(1),
  summary: z.string(),
  system: z.string(),
  size,
  warmStart: warmStart.optional(),
  data: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('books'), rows, heldOutEvery: count.min(2).optional() }),
    z.strictObject({ kind: z.literal('languages'), successors: count }),
    z.strictObject({ kind: z.literal('needle') }),
    z.strictObject({
      kind: z.literal('text'),
      path: z.string(),
      rows,
      textField: z.string().min(1).optional(),
    }),
    z.strictObject({
      kind: z.literal('tokens'),
      path: z.string(),
      seed: z.int().min(0).max(0xffff_ffff),
      bosToken: countOrNone.optional(),
      tokenizer: z.enum(['llama-3', 'none']),
    }),
  ]),
  training: z.strictObject({
    length: count,
    batch: count,
    curriculum: z.strictObject({ shortest: count, steps: countOrNone }).optional(),
    microBatch: count.optional(),
    trains: z.enum(trainedParts).optional(),
    optimizer: z.strictObject({
      schedule,
      beta1: share,
      beta2: share,
      epsilon: z.number().positive(),
      weightDecay: finite,
      maxNorm: z.number().positive(),
    }),
    seed: z.int(),
  }),
  evaluation: z.strictObject({ documents: countOrNone, length: count, every: count }),
})
