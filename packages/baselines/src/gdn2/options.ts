import { z } from 'zod'
import { deltaLayerOptions } from '../delta-layer/options'
import type { Gdn2Options } from './mixer'

export const gdn2Options: z.ZodType<Gdn2Options> = z.strictObject(deltaLayerOptions)
