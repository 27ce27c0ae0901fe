import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { ApiError } from './api-error'
import { shown } from './characters'

export interface Reach {
  /** Whether only this machine can reach the server. */
  local: boolean
  /** Names that requests may call the server by, besides localhost's; `*` for any. */
  hosts: readonly string[]
  /** Origins of other sites' pages that may use the server; `*` for any. */
  origins: readonly string[]
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Keeps other web sites' pages out: a browser sends some requests across origins without asking first, and a name that
 * an attacker resolves to 127.0.0.1 would even make them same-origin. A server that others reach answers to any name,
 * unless it was given its names.
 */
export function requireReach({ local, hosts, origins }: Reach): MiddlewareHandler {
  const isHost = (host: string) => {
    const name = host.replace(/:\d+$/, '').replace(/\.$/, '')
    if (loopback.test(name) || hosts.includes('*')) return true
    return hosts.length > 0 ? hosts.includes(name) || hosts.includes(host) : !local
  }
  return async (c, next) => {
    const host = (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase()
    const origin = c.req.header('origin')
    if (!isHost(host)) {
      const name = shown(host.replace(/:\d+$/, ''))
      throw new ApiError(
        403,
        'foreign_host',
        `this server does not answer to the name '${name}'; start it with --allow-host ${name} if it is one of its names`,
      )
    }
    if (origin !== undefined && !isSame(origin, host) && !isAllowed(origins, origin))
      throw new ApiError(
        403,
        'foreign_origin',
        `pages of ${shown(origin)} may not use this server; start it with --allow-origin ${shown(origin)} to let them`,
      )
    await next()
  }
}

/** Tells browsers what pages of allowed origins may do: also what they ask before a request, which bears no key. */
export function allowOrigins({ origins }: Reach): MiddlewareHandler {
  const answer = cors({
    origin: (origin) => (isAllowed(origins, origin) ? origin : null),
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposeHeaders: [
      'Content-Disposition',
      'Retry-After',
      'WWW-Authenticate',
      'X-Request-Id',
      'X-Should-Retry',
    ],
    maxAge: 600,
  })
  return async (c, next) => {
    const asks = c.req.header('access-control-request-method') !== undefined
    if (origins.length === 0 || (c.req.method === 'OPTIONS' && !asks)) return next()
    if (c.req.header('access-control-request-private-network') === 'true')
      c.res.headers.set('Access-Control-Allow-Private-Network', 'true')
    return answer(c, next)
  }
}

const isAllowed = (origins: readonly string[], origin: string) =>
  origin !== '' && (origins.includes('*') || origins.includes(origin))

function isSame(origin: string, host: string): boolean {
  try {
    const url = new URL(origin)
    return url.host === new URL(`${url.protocol}//${host}`).host
  } catch {
    return false
  }
}
