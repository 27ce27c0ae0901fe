import type { MiddlewareHandler } from 'hono'
import { wholeBody, type BodyOptions } from './read-body'

/** Takes in JSON bodies, within their limits, before anything parses them. Others are left to the route. */
export function jsonBody(options: BodyOptions): MiddlewareHandler {
  return async (c, next) => {
    const { raw } = c.req
    if (/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
      const { method, headers, signal } = raw
      const body = await wholeBody(raw, options)
      c.req.raw = new Request(raw.url, { method, headers, signal, body })
    }
    await next()
  }
}
