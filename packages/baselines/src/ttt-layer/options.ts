import { z } from 'zod'
import { fastRate } from '../fast-rate'
import type { TttOptions } from './mixer'

export const tttOptions: z.ZodType<TttOptions> = z.strictObject({
  miniBatch: z.int().min(1).optional(),
  baseRate: fastRate.optional(),
  shareQk: z.boolean().optional(),
  gate: z.boolean().optional(),
  taps: z.int().min(1).optional(),
  ropeTheta: z.number().positive().optional(),
})
