import { z } from 'zod'
import { deltaLayerOptions } from '../delta-layer/options'
import type { KdaOptions } from './mixer'

export const kdaOptions: z.ZodType<KdaOptions> = z.strictObject({
  ...deltaLayerOptions,
  lowerBound: z.number().negative().optional(),
})
