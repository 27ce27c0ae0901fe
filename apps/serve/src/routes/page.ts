import { readFileSync } from 'node:fs'
import type { AddRoutes } from './add-routes'

const page = readFileSync(new URL('page.html', import.meta.url), 'utf8')

/** Scripts and styles are the page's own, and it talks to this server only. */
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"

/** A page to read a text, ask about it and fork what was read. It holds nothing secret. */
export const addPage: AddRoutes = (app) => {
  app.get('/', (c) => c.html(page, 200, { 'Content-Security-Policy': policy, 'X-Frame-Options': 'DENY' }))
}
