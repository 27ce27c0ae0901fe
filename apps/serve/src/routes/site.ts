import type { MiddlewareHandler } from 'hono'
import type { AddRoutes } from './add-routes'

const pages = ['/read', '/meta-train']

/** Whether a path is one of these pages, or of what they load. */
export const isOfSite = (path: string): boolean =>
  path.startsWith('/assets/') || pages.some((page) => path === page || path === `${page}/`)

/** What lets a page's engine wasm have threads: the page, its worker and all that they load come from here alone. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'X-Frame-Options': 'DENY',
}

/** Pages that compute in the visitor's browser: nothing but their files is asked of this server. */
export const addSite: AddRoutes = (app, { site }) => {
  const isolated: MiddlewareHandler = async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
  }
  for (const page of pages) {
    // Their files are named from the page's own folder.
    app.get(page, (c) => c.redirect(`${page.slice(1)}/${new URL(c.req.url).search}`))
    app.get(`${page}/`, isolated, site.file)
  }
  app.get('/assets/*', isolated, site.file)
}
