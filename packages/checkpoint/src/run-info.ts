import { architectureSchema } from '@ttt-e2e/baselines'
import { precisions } from '@ttt-e2e/tensor-ops'
import { z } from 'zod'
import { dataRecordSchema } from './data-record'
import { recipeSchema } from './recipe-schema'

const fileInfo = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
  bytes: z.int().min(0),
})

/** How a run stands: for models that training goes on from. */
export const trainingSchema = {
  recipe: recipeSchema,
  /** Steps taken and tokens trained on. */
  step: z.int().min(0),
  tokens: z.int().min(0),
  /**
   * Where the data goes on; null before the first batch. With the recipe's seed it is the whole random state: sample n
   * is a function of the seed and n, and nothing else in training is drawn.
   */
  cursor: z.json(),
  /** What the inner rate was multiplied by in the last step: below 1 only during its warm-up. */
  innerRateMultiplier: z.number(),
  /** What it was trained on, for the record: any engine reads it, and goes on with it in the same precision. */
  engine: z.strictObject({
    name: z.string(),
    description: z.string(),
    /** Absent in runs from before there was a choice. */
    precision: z.enum(precisions).default('f32'),
  }),
}

/** When and by what it was written, and the files beside it. */
export const writingSchema = {
  versions: z.record(z.string(), z.string()),
  gitHash: z.string().nullable(),
  savedAt: z.iso.datetime(),
  files: z.strictObject({
    model: fileInfo,
    /** null in a model that was saved without what training needs to go on. */
    optimizer: fileInfo.nullable(),
  }),
}

/** `run.json`: everything about a model or a checkpoint that is not a tensor. */
export const runInfoSchema = z.strictObject({
  schemaVersion: z.literal(2),
  /** What it is; whoever reads with it needs nothing else. */
  model: z.strictObject({
    architecture: architectureSchema,
    tokenizer: z.strictObject({
      name: z.string().min(1),
      options: z.record(z.string(), z.unknown()).optional(),
    }),
    /** Whether it met the tokenizer's BOS at the beginning of documents. */
    documentsBeginWithBos: z.boolean(),
  }),
  ...z.object(trainingSchema).partial().shape,
  /** What the cursor counts in; absent where the recipe makes the data up, in models to ship and in runs from before. */
  data: dataRecordSchema.optional(),
  ...writingSchema,
})

export type RunInfo = z.infer<typeof runInfoSchema>

/** Of a run that training goes on from. */
export type TrainedRunInfo = RunInfo & Required<Pick<RunInfo, keyof typeof trainingSchema>>

/** The names of a checkpoint's files. */
export const fileNames = {
  model: 'model.safetensors',
  optimizer: 'optimizer.safetensors',
  info: 'run.json',
} as const
