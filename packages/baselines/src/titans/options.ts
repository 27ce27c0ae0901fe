import { z } from 'zod'
import type { TitansOptions } from './mixer'

/** Up to here the memory is in float32 as in float64: beyond it each update overshoots the more. */
const highest = 10
const rateError = `must be a number above 0 and at most ${highest}: float32 can't follow the memory at larger ones`

export const titansOptions: z.ZodType<TitansOptions> = z.strictObject({
  window: z.int().min(0),
  chunk: z.int().min(1),
  expansion: z.number().positive().optional(),
  maxRate: z.number(rateError).positive(rateError).max(highest, rateError).optional(),
})
