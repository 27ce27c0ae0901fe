import { z } from 'zod'
import type { Mamba3Options } from './mixer'

const count = z.int().min(1).optional()

export const mamba3Options: z.ZodType<Mamba3Options> = z.strictObject({
  innerWidth: count,
  headWidth: count,
  stateWidth: count,
  groups: count,
  ranks: count,
  ropeFraction: z.union([z.literal(0.5), z.literal(1)]).optional(),
  decay: z.enum(['heavy-tail', 'softplus']).optional(),
  leastRate: z.number().min(0).optional(),
  gateNorm: z.boolean().optional(),
})
