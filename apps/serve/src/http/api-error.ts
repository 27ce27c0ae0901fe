import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export interface ApiErrorOptions {
  /** Seconds after which the same request may succeed; left out where waiting doesn't help. */
  retryAfter?: number
  headers?: Record<string, string>
}

/** An answer to a request that can't be met, in the form that OpenAI's clients understand. */
export class ApiError extends UserError {
  override readonly name = 'ApiError'

  /**
   * @param status as in HTTP; 499 for a client that has gone, which nobody will read
   * @param code a word for programs, e.g. `memory_not_found`
   * @param param the field of the request that is to blame
   * @param options how long to wait, and headers of the answer
   */
  constructor(
    readonly status: ContentfulStatusCode | 499,
    override readonly code: string,
    message: string,
    readonly param: string | null = null,
    readonly options: ApiErrorOptions = {},
  ) {
    super(message)
  }

  /** Of the answer. Official clients try some statuses again unless they are told that it is of no use. */
  get headers(): Record<string, string> {
    const { retryAfter, headers } = this.options
    const again: Record<string, string> =
      retryAfter === undefined ? { 'X-Should-Retry': 'false' } : { 'Retry-After': String(retryAfter) }
    return { ...(mayHelp.has(this.status) && again), ...headers }
  }

  get body() {
    return { error: { message: this.message, type: typeOf(this.status), param: this.param, code: this.code } }
  }
}

/** What clients try again by themselves. */
const mayHelp = new Set<number>([409, 429, 503])

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}
