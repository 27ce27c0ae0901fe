import { z } from 'zod'
import { fastRate } from '../fast-rate'
import type { TttKvbOptions } from './mixer'

const count = z.int().min(1)

export const tttKvbOptions: z.ZodType<TttKvbOptions> = z.strictObject({
  window: z.int().min(0),
  chunk: count,
  fastHeads: count.optional(),
  rank: count.optional(),
  expansion: z.number().positive().optional(),
  baseRate: fastRate.positive().optional(),
  preNorm: z.boolean().optional(),
  qkNorm: z.boolean().optional(),
})
