import { createRoute, z } from '@hono/zod-openapi'
import type { AddRoutes } from './add-routes'

const schema = z.object({ status: z.enum(['loading', 'ready', 'ending']) }).openapi('Health')
const content = { 'application/json': { schema } }

export const addHealth: AddRoutes = (app, { status }) => {
  const route = createRoute({
    method: 'get',
    path: '/health',
    operationId: 'health',
    summary: 'Whether requests are answered',
    responses: {
      200: { description: 'They are', content },
      503: { description: 'Not yet, or no more', content },
    },
  })
  app.openapi(route, (c) => {
    const now = status()
    return c.json({ status: now }, now === 'ready' ? 200 : 503)
  })
}
