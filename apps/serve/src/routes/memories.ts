import { createRoute, z } from '@hono/zod-openapi'
import { clientSignal } from '../http/client-signal'
import { receiveJson } from '../http/receive-body'
import type { AddRoutes } from './add-routes'
import { describeMemory } from './describe-memory'
import { optional } from './fields'
import { failures, idParams, memorySchema, nameSchema } from './schemas'

const memory = { 'application/json': { schema: memorySchema } }
const listSchema = z.object({ object: z.literal('list'), data: z.array(memorySchema) }).openapi('MemoryList')
const deletedSchema = z
  .object({ id: z.string(), object: z.literal('memory.deleted'), deleted: z.literal(true) })
  .openapi('DeletedMemory')

/** Lists, shows, forks and deletes memories. */
export const addMemories: AddRoutes = (app, { service, limits }) => {
  const list = createRoute({
    method: 'get',
    path: '/v1/memories',
    summary: 'The memories, oldest first',
    responses: {
      200: { description: 'All', content: { 'application/json': { schema: listSchema } } },
      ...failures,
    },
  })
  app.openapi(list, (c) => {
    const served = service()
    const data = served.memories.list().map((each) => describeMemory(served, each))
    return c.json({ object: 'list' as const, data }, 200)
  })

  const one = createRoute({
    method: 'get',
    path: '/v1/memories/{id}',
    summary: 'What a memory is',
    request: { params: idParams },
    responses: { 200: { description: 'It', content: memory }, ...failures },
  })
  app.openapi(one, (c) =>
    c.json(describeMemory(service(), service().memories.get(c.req.valid('param').id)), 200),
  )

  const fork = createRoute({
    method: 'post',
    path: '/v1/memories/{id}/fork',
    summary: 'Another memory of the same; neither changes the other',
    middleware: [receiveJson(limits)],
    request: {
      params: idParams,
      body: {
        content: {
          'application/json': { schema: z.strictObject({ name: optional(nameSchema) }).openapi('Fork') },
        },
      },
    },
    responses: { 201: { description: 'The fork', content: memory }, ...failures },
  })
  app.openapi(fork, async (c) => {
    const served = service()
    const { id } = c.req.valid('param')
    const { name } = c.req.valid('json')
    served.memories.get(id)
    const claim = served.memories.claim({ name: name ?? null })
    try {
      const job = served.scheduler.admit(clientSignal(c).signal)
      try {
        const forked = await job.turn(async () => {
          const copy = served.memories.get(id).memory.fork()
          try {
            return await served.memories.add(copy, { name: name ?? null, parent: id })
          } catch (error) {
            copy.dispose()
            throw error
          }
        })
        return c.json(describeMemory(served, forked), 201)
      } finally {
        job.end()
      }
    } finally {
      claim.release()
    }
  })

  const remove = createRoute({
    method: 'delete',
    path: '/v1/memories/{id}',
    summary: 'Forgets a memory; its forks stay',
    request: { params: idParams },
    responses: {
      200: { description: 'It is gone', content: { 'application/json': { schema: deletedSchema } } },
      ...failures,
    },
  })
  app.openapi(remove, (c) => {
    const { id } = c.req.valid('param')
    service().memories.delete(id)
    return c.json({ id, object: 'memory.deleted' as const, deleted: true as const }, 200)
  })
}
