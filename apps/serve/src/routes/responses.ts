import { createRoute, z } from '@hono/zod-openapi'
import { clientSignal } from '../http/client-signal'
import { finish } from '../http/generators'
import { lineStream } from '../http/line-stream'
import { receiveJson } from '../http/receive-body'
import { logOf } from '../operating/log-requests'
import { respond } from '../responses/respond'
import { responseEvents } from '../responses/response-events'
import { responseEventSchema, responseRequestSchema, responseSchema } from '../responses/response-schema'
import type { AddRoutes } from './add-routes'
import { checkModel } from './check-model'
import { refuseEarly } from './refuse-early'
import { failures } from './schemas'

const params = z.object({ id: z.string().openapi({ example: 'resp_0123456789abcdef01234567' }) })

export const addResponses: AddRoutes = (app, { service, limits }) => {
  const create = createRoute({
    method: 'post',
    path: '/v1/responses',
    operationId: 'createResponse',
    summary: 'Answers, from a response before where one is named: then only what is new is read',
    middleware: [refuseEarly({ service, limits }), receiveJson(limits)],
    request: {
      body: { required: true, content: { 'application/json': { schema: responseRequestSchema(limits) } } },
    },
    responses: {
      200: {
        description: 'The response, sent when it is whole; with stream: true its events as they come',
        content: {
          'application/json': { schema: responseSchema },
          'text/event-stream': { schema: responseEventSchema },
        },
      },
      ...failures,
    },
  })
  app.openapi(create, async (c) => {
    const started = performance.now()
    const served = service(c)
    const body = c.req.valid('json')
    checkModel(served, body.model)
    const { signal, stop } = clientSignal(c)
    const responding = await respond(served, body, signal, started)
    if (body.stream) {
      const { silenceSeconds } = limits
      return lineStream(responseEvents(responding), {
        format: 'typed-sse',
        log: logOf(c),
        stop,
        silenceSeconds,
      })
    }
    return c.json(await finish(responding.work), 200)
  })

  const get = createRoute({
    method: 'get',
    path: '/v1/responses/{id}',
    operationId: 'getResponse',
    summary: 'A response that is kept',
    request: { params },
    responses: {
      200: { description: 'It', content: { 'application/json': { schema: responseSchema } } },
      ...failures,
    },
  })
  app.openapi(get, (c) => c.json(service(c).responses.get(c.req.valid('param').id).answer, 200))

  const deletedSchema = z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) })
  const remove = createRoute({
    method: 'delete',
    path: '/v1/responses/{id}',
    operationId: 'deleteResponse',
    summary: 'Forgets a response; those that went on from it stay',
    request: { params },
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: deletedSchema } } },
      ...failures,
    },
  })
  app.openapi(remove, (c) => {
    const { id } = c.req.valid('param')
    service(c).responses.delete(id)
    return c.json({ id, object: 'response' as const, deleted: true as const }, 200)
  })
}
