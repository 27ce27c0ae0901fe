import { z } from 'zod'
import type { Mamba2Options } from './mixer'

const count = z.int().min(1).optional()

export const mamba2Options: z.ZodType<Mamba2Options> = z.strictObject({
  innerWidth: count,
  headWidth: count,
  stateWidth: count,
  groups: count,
  taps: count,
  stepLimit: z.tuple([z.number(), z.number()]).readonly().optional(),
  layers: count,
})
