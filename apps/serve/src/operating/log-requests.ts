import { randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { terminalLog, type Log } from './log'

declare module 'hono' {
  interface ContextVariableMap {
    log: Log | undefined
  }
}

/** The log of the request that is being answered. */
export const logOf = (c: Context): Log => c.get('log') ?? terminalLog

/** What a client may call its request. */
const isId = (text: string): boolean => /^[\w.:-]{1,128}$/.test(text)

/** Gives each request an id, its client's own where it has one, and a line in the log; no word of what was asked. */
export function logRequests(log: Log): MiddlewareHandler {
  return async (c, next) => {
    const given = c.req.header('x-request-id') ?? ''
    const id = isId(given) ? given : randomUUID()
    const started = performance.now()
    const own = log.of(id)
    c.set('log', own)
    await next()
    c.res.headers.set('X-Request-Id', id)
    const body = log.prompts && c.get('bodyKind') === 'json' ? await c.req.text().catch(() => '') : undefined
    own.info(
      {
        method: c.req.method,
        path: c.req.path,
        status: c.res.status,
        // Of a stream, until it begins.
        milliseconds: Math.round(performance.now() - started),
        ...(c.get('tenant') && { tenant: c.get('tenant')!.name }),
        ...(body !== undefined && { body }),
      },
      'request',
    )
  }
}
