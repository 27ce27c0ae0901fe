import { z } from 'zod'

const count = z.int().min(1).optional()

/** The fields of `DeltaLayerOptions`. */
export const deltaLayerOptions = {
  keyHeads: count,
  keyWidth: count,
  valueHeads: count,
  valueWidth: count,
  taps: z.int().min(2).optional(),
  negativeEigenvalues: z.boolean().optional(),
  outputGate: z.enum(['sigmoid', 'silu']).optional(),
  normEpsilon: z.number().positive().optional(),
}
