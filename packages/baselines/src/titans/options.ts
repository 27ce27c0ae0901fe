import { z } from 'zod'
import type { TitansOptions } from './mixer'

export const titansOptions: z.ZodType<TitansOptions> = z.strictObject({
  window: z.int().min(0),
  chunk: z.int().min(1),
  expansion: z.number().positive().optional(),
  maxRate: z.number().positive().optional(),
})
