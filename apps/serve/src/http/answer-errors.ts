import { asFileError, FileError } from '@ttt-e2e/tensor-ops/files'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Log } from '../operating/log'
import { logOf } from '../operating/log-requests'
import { StoreError } from '../memories/store/memory-store'
import { ApiError } from './api-error'

/** Every error as JSON of one form. What nobody foresaw goes to the log, not to the client. */
export function answerError(error: unknown, c: Context): Response {
  const known = toApiError(error)
  logUnforeseen(error, known, logOf(c))
  return c.json(known.body, known.status as ContentfulStatusCode, known.headers)
}

/** A request that only the server is to blame for is one for its log: a disk that refuses in a sentence, a fault with its stack. */
export function logUnforeseen(error: unknown, known: ApiError, log: Log): void {
  if (known.status < 500 || known === error) return
  const file = asFileError(error)
  log.error(file instanceof UserError ? file.message : error)
}

/** The same for an error in the middle of a stream, whose status is long sent. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException) return ofFramework(error)
  if (error instanceof StoreError) return ofStore(error)
  const known = asFileError(error)
  if (known instanceof FileError) return ofDisk(known)
  return new ApiError(500, 'internal_error', 'the server failed at this request; its log says why')
}

function ofFramework({ status, message }: HTTPException): ApiError {
  return new ApiError(status < 500 ? 400 : 500, 'invalid_request', message)
}

/** Memories are written whole or not at all. Where the server keeps them is its own business. */
function ofDisk({ reason, isForRoom }: FileError): ApiError {
  return new ApiError(
    isForRoom ? 507 : 500,
    'disk_refuses',
    `the server's disk refuses: ${reason}; nothing of this request is kept, and what was there before is as it was`,
    null,
    { headers: { 'X-Should-Retry': 'false' } },
  )
}

function ofStore({ isDamage }: StoreError): ApiError {
  if (isDamage) return new ApiError(500, 'memory_damaged', 'the memory is damaged where the server keeps it')
  return new ApiError(
    503,
    'store_refuses',
    "the server's store of memories doesn't do what this request needs; a memory that it was to change is as it was, or is " +
      'changed as a whole',
    null,
    { retryAfter: 5 },
  )
}
