import type { MiddlewareHandler } from 'hono'
import { ApiError } from './api-error'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i

/**
 * Keeps other web sites' pages out: a browser sends some requests across origins without asking first, and a name that
 * an attacker resolves to 127.0.0.1 would even make them same-origin.
 *
 * @param local whether the server is only there for this machine
 */
export function requireSameOrigin(local: boolean): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host
    const origin = c.req.header('origin')
    if (local && !loopback.test(host))
      throw new ApiError(
        403,
        'foreign_host',
        'this server answers to localhost only; start it with --host for more',
      )
    if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host)
      throw new ApiError(403, 'foreign_origin', 'pages of other sites may not use this server')
    await next()
  }
}
