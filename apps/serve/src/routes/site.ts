import { serveStatic } from '@hono/node-server/serve-static'
import type { MiddlewareHandler } from 'hono'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ApiError } from '../http/api-error'
import type { AddRoutes } from './add-routes'

/** Where `pnpm --filter serve build-site` leaves them. */
export const builtSite = fileURLToPath(new URL('../../dist/site', import.meta.url))

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
  let files: MiddlewareHandler | undefined
  // They may be built while the server runs.
  const file: MiddlewareHandler = async (c, next) =>
    existsSync(site) ? (files ??= serveStatic({ root: site }))(c, next) : next()
  const isolated: MiddlewareHandler = async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
  }
  for (const page of pages) {
    // Their files are named from the page's own folder.
    app.get(page, (c) => c.redirect(`${page.slice(1)}/${new URL(c.req.url).search}`))
    app.get(`${page}/`, isolated, file, () => {
      throw new ApiError(
        404,
        'site_not_built',
        'this page is not built yet: run pnpm --filter serve build-site, and load it again',
      )
    })
  }
  app.get('/assets/*', isolated, file)
}
