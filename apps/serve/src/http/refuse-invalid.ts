import type { ZodError } from 'zod'
import { ApiError } from './api-error'
import { shown } from './characters'

/** Turns the first thing wrong with a request into an error that names its field. */
export function refuseInvalid(result: { success: boolean; error?: ZodError }): void {
  const issue = result.error?.issues[0]
  if (!issue) return
  const unknown = issue.code === 'unrecognized_keys' ? shown(issue.keys[0]) : undefined
  const param = [...issue.path, ...(unknown === undefined ? [] : [unknown])].map(String).join('.') || null
  if (unknown !== undefined)
    throw new ApiError(400, 'unknown_parameter', `there is no parameter '${param}'`, param)
  throw new ApiError(400, 'invalid_value', `${param ?? 'the body'}: ${issue.message}`, param)
}
