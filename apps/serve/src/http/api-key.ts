import type { MiddlewareHandler } from 'hono'
import { isOfPage } from '../routes/page'
import { isOfSite } from '../routes/site'
import type { Keys } from '../tenants/keys'
import type { Rates } from '../tenants/rates'
import type { Tenant } from '../tenants/tenant'
import { ApiError } from './api-error'

declare module 'hono' {
  interface ContextVariableMap {
    /** Who asks; nobody in particular where there are no keys. */
    tenant: Tenant | undefined
  }
}

/**
 * Probes have no key. The pages hold nothing secret: one asks for the key and sends it with every request, the others
 * compute in the browser.
 */
const isOpen = (path: string) => path === '/health' || isOfPage(path) || isOfSite(path)

/** Lets requests pass that bear a key, so often as it may; all of them where there is none. */
export function requireApiKey(keys: Keys | undefined, rates: Rates): MiddlewareHandler {
  return async (c, next) => {
    if (keys && !isOpen(c.req.path)) {
      const given = /^Bearer +(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
      const tenant = given === undefined ? undefined : keys.find(given)
      if (!tenant) {
        const challenge = `Bearer realm="ttt-e2e"${given === undefined ? '' : ', error="invalid_token"'}`
        const sentence =
          given === undefined
            ? 'an API key is needed: Authorization: Bearer KEY'
            : 'this API key is not one that the server knows: Authorization: Bearer KEY'
        throw new ApiError(401, 'invalid_api_key', sentence, null, {
          headers: { 'WWW-Authenticate': challenge },
        })
      }
      if (c.req.path === '/metrics' && !tenant.operator)
        throw new ApiError(403, 'not_an_operator', "/metrics is of all tenants: it takes an operator's key")
      if (c.req.path !== '/metrics') rates.admit(tenant)
      c.set('tenant', tenant)
    }
    await next()
  }
}
