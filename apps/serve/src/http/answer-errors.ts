import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { ApiError } from './api-error'

/** Every error as JSON of one form. What nobody foresaw goes to the log, not to the client. */
export function answerError(error: unknown, c: Context): Response {
  const known = toApiError(error)
  if (known.status >= 500 && !(error instanceof ApiError)) console.error(error)
  return c.json(known.body, known.status as ContentfulStatusCode, known.headers)
}

/** The same for an error in the middle of a stream, whose status is long sent. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException) return ofFramework(error)
  return new ApiError(500, 'internal_error', 'the server failed at this request; its log says why')
}

function ofFramework({ status, message }: HTTPException): ApiError {
  return new ApiError(status < 500 ? 400 : 500, 'invalid_request', message)
}
