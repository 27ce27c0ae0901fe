import type { z } from 'zod'

/** What doesn't fit a schema, one clause each: `training.batch: Too small …`. */
export function problemsOf(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  )
}
