import { z } from 'zod'
import type { MesanetOptions } from './mixer'

const count = z.int().min(1).optional()

export const mesanetOptions: z.ZodType<MesanetOptions> = z.strictObject({
  heads: count,
  headWidth: count,
  taps: count,
  leastLambda: z.number().min(0).optional(),
  outputGate: z.boolean().optional(),
})
