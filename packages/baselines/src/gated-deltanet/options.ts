import { z } from 'zod'
import type { GatedDeltanetOptions } from './mixer'

const count = z.int().min(1).optional()

export const gatedDeltanetOptions: z.ZodType<GatedDeltanetOptions> = z.strictObject({
  keyHeads: count,
  keyWidth: count,
  valueHeads: count,
  valueWidth: count,
  taps: count,
  negativeEigenvalues: z.boolean().optional(),
})
