import { z } from 'zod'
import { fastRate } from '../fast-rate'
import type { InPlaceTttOptions } from './mixer'

export const inPlaceTttOptions: z.ZodType<InPlaceTttOptions> = z.strictObject({
  width: z.int().min(1),
  chunk: z.int().min(1),
  rate: fastRate,
  target: z.enum(['hidden', 'embedding']),
  projection: z.boolean().optional(),
})
