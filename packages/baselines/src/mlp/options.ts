import { z } from 'zod'

export const mlpOptions: z.ZodType<{ width: number }> = z.strictObject({ width: z.int().min(1) })
