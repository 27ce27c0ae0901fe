import type { MiddlewareHandler } from 'hono'
import type { AddRoutes } from './add-routes'

/**
 * Scripts are the page's own. It talks to this server, and to whatever gives it a text at an address of the visitor's own
 * machine; to nobody else.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  // The library that draws curves puts a style into each.
  "style-src 'self' 'unsafe-inline'",
  'img-src data:',
  "connect-src 'self' http://localhost:* http://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Whether a path is the page, or of what it loads. */
export const isOfPage = (path: string): boolean => path === '/' || path.startsWith('/page/')

/** A page to read texts into memories, ask them, fork them and compare them. It holds nothing secret. */
export const addPage: AddRoutes = (app, { page }) => {
  const guarded: MiddlewareHandler = async (c, next) => {
    await next()
    c.res.headers.set('Content-Security-Policy', policy)
    c.res.headers.set('X-Frame-Options', 'DENY')
    // It names what it loads by the hash of its content.
    c.res.headers.set('Cache-Control', 'no-cache')
  }
  app.get('/', guarded, page.file)
  app.get('/page/*', page.file)
}
