import type { AttentionOptions } from '@ttt-e2e/swa-transformer'
import { z } from 'zod'

const count = z.int().min(1)

/** `window`: how many tokens one sees, itself included; 0 for all before it. */
export const attentionOptions: z.ZodType<AttentionOptions & { window: number }> = z.strictObject({
  window: z.int().min(0),
  qkNorm: z.boolean().optional(),
  keyHeads: count.optional(),
  headWidth: count.optional(),
  sinks: z.boolean().optional(),
  rope: z.boolean().optional(),
  biases: z.enum(['inputs', 'all']).optional(),
  keepFirst: z.int().min(0).max(16).optional(),
  keptPositions: z.enum(['cache', 'text']).optional(),
})
