import { UserError } from '@ttt-e2e/tensor-ops'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** An answer to a request that can't be met, in the form that OpenAI's clients understand. */
export class ApiError extends UserError {
  override readonly name = 'ApiError'

  /**
   * @param status as in HTTP; 499 for a client that has gone, which nobody will read
   * @param code a word for programs, e.g. `memory_not_found`
   * @param param the field of the request that is to blame
   * @param retryAfter seconds after which the same request may succeed
   */
  constructor(
    readonly status: ContentfulStatusCode | 499,
    override readonly code: string,
    message: string,
    readonly param: string | null = null,
    readonly retryAfter?: number,
  ) {
    super(message)
  }

  get body() {
    return { error: { message: this.message, type: typeOf(this.status), param: this.param, code: this.code } }
  }
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}
