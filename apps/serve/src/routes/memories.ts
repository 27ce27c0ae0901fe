import { createRoute, z } from '@hono/zod-openapi'
import { clientSignal } from '../http/client-signal'
import { receiveJson } from '../http/receive-body'
import type { AddRoutes } from './add-routes'
import { orDisposed } from '../memories/or-disposed'
import { describeMemory } from './describe-memory'
import { optional } from './fields'
import { refuseEarly } from './refuse-early'
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
    operationId: 'listMemories',
    summary: 'The memories, oldest first',
    responses: {
      200: { description: 'All', content: { 'application/json': { schema: listSchema } } },
      ...failures,
    },
  })
  app.openapi(list, async (c) => {
    const served = service(c)
    const data = (await served.memories.list()).map((each) => describeMemory(served, each))
    return c.json({ object: 'list' as const, data }, 200)
  })

  const one = createRoute({
    method: 'get',
    path: '/v1/memories/{id}',
    operationId: 'getMemory',
    summary: 'What a memory is',
    request: { params: idParams },
    responses: { 200: { description: 'It', content: memory }, ...failures },
  })
  app.openapi(one, async (c) => {
    const served = service(c)
    return c.json(describeMemory(served, await served.memories.get(c.req.valid('param').id)), 200)
  })

  const fork = createRoute({
    method: 'post',
    path: '/v1/memories/{id}/fork',
    operationId: 'forkMemory',
    summary: 'Another memory of the same; neither changes the other',
    middleware: [refuseEarly({ service, limits }), receiveJson(limits)],
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
    const served = service(c)
    const { id } = c.req.valid('param')
    const { name } = c.req.valid('json')
    const { memories } = served
    await memories.get(id)
    const claim = await memories.claim({ name: name ?? null })
    try {
      const job = served.scheduler.admit(clientSignal(c).signal)
      try {
        const { record, memory: copy } = await memories.open(job, id)
        const { sources, losses, passages } = record
        const facts = { name: name ?? null, parent: id, sources, losses, passages }
        const forked = await orDisposed(copy, () => memories.add(job, copy, facts))
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
    operationId: 'deleteMemory',
    summary: 'Forgets a memory; its forks stay',
    request: { params: idParams },
    responses: {
      200: { description: 'It is gone', content: { 'application/json': { schema: deletedSchema } } },
      ...failures,
    },
  })
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid('param')
    await service(c).memories.delete(id)
    return c.json({ id, object: 'memory.deleted' as const, deleted: true as const }, 200)
  })
}
