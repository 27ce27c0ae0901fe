import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { isOfSite } from '../routes/site'
import { ApiError } from './api-error'

/**
 * Probes have no key. The pages hold nothing secret: one asks for the key and sends it with every request, the others
 * compute in the browser.
 */
const isOpen = (path: string) => path === '/health' || path === '/' || isOfSite(path)

/** Lets requests pass that bear the key; all of them where there is none. */
export function requireApiKey(key: string | undefined): MiddlewareHandler {
  const expected = key === undefined ? undefined : digest(key)
  return async (c, next) => {
    if (expected && !isOpen(c.req.path)) {
      const given = /^Bearer +(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
      // Digests have one length, so the comparison takes the same time whatever was given.
      if (given === undefined || !timingSafeEqual(digest(given), expected)) {
        const challenge = `Bearer realm="ttt-e2e"${given === undefined ? '' : ', error="invalid_token"'}`
        throw new ApiError(401, 'invalid_api_key', 'an API key is needed: Authorization: Bearer KEY', null, {
          headers: { 'WWW-Authenticate': challenge },
        })
      }
    }
    await next()
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
