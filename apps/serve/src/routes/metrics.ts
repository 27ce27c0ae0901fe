import { createRoute, z } from '@hono/zod-openapi'
import type { AddRoutes } from './add-routes'
import { failures } from './schemas'

export const addMetrics: AddRoutes = (app, { metrics: { registry } }) => {
  const route = createRoute({
    method: 'get',
    path: '/metrics',
    operationId: 'metrics',
    summary: "Counters in Prometheus' text format",
    responses: {
      200: { description: 'All', content: { 'text/plain': { schema: z.string() } } },
      ...failures,
    },
  })
  app.openapi(route, async (c) =>
    c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType }),
  )
}
