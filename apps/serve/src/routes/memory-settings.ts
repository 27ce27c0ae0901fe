import { createRoute, z } from '@hono/zod-openapi'
import { clientSignal } from '../http/client-signal'
import { receiveJson } from '../http/receive-body'
import { orDisposed } from '../memories/or-disposed'
import { emptyTrace, type MemorySettings } from '../memories/memory-record'
import type { AddRoutes } from './add-routes'
import { describeMemory } from './describe-memory'
import { flag, numberFrom, optional } from './fields'
import { failures, idParams, memorySchema, nameSchema } from './schemas'

const memory = { 'application/json': { schema: memorySchema } }

/** The longest that anything is kept for a time: 100 years of seconds. */
const longest = 3_155_760_000

const settingsSchema = z
  .strictObject({
    name: optional(nameSchema),
    pinned: optional(flag()).openapi({ description: 'Whether it stays where others make room' }),
    read_only: optional(flag()).openapi({ description: 'Whether nothing is read into it any more' }),
    ttl_seconds: optional(numberFrom(0, longest)).openapi({
      description: 'After so many seconds from now it is gone; 0 for never',
    }),
  })
  .openapi('MemorySettings')

/** Changes what is said of memories, and lets them forget. */
export const addMemorySettings: AddRoutes = (app, { service, limits }) => {
  const settings = createRoute({
    method: 'post',
    path: '/v1/memories/{id}/settings',
    operationId: 'configureMemory',
    summary: 'Names a memory, pins it, makes it read-only, or lets it expire; what is left out stays',
    middleware: [receiveJson(limits)],
    request: {
      params: idParams,
      body: { content: { 'application/json': { schema: settingsSchema } } },
    },
    responses: { 200: { description: 'The memory', content: memory }, ...failures },
  })
  app.openapi(settings, async (c) => {
    const served = service(c)
    const changed = settingsOf(c.req.valid('json'))
    const record = await served.memories.configure(c.req.valid('param').id, changed)
    return c.json(describeMemory(served, record), 200)
  })

  const reset = createRoute({
    method: 'post',
    path: '/v1/memories/{id}/reset',
    operationId: 'resetMemory',
    summary: 'Forgets all that was read; the weights are those of the model again',
    request: { params: idParams },
    responses: { 200: { description: 'The memory, of nothing', content: memory }, ...failures },
  })
  app.openapi(reset, async (c) => {
    const served = service(c)
    const { memories, scheduler } = served
    const { id } = c.req.valid('param')
    const claim = await memories.claim({ id })
    try {
      const job = scheduler.admit(clientSignal(c).signal)
      try {
        const before = await memories.get(id)
        const empty = await job.turn((model) => model.startMemory())
        const record = await orDisposed(empty, () => memories.replace(job, before, empty, emptyTrace))
        return c.json(describeMemory(served, record), 200)
      } finally {
        job.end()
      }
    } finally {
      claim.release()
    }
  })
}

function settingsOf({
  name,
  pinned,
  read_only: readOnly,
  ttl_seconds: seconds,
}: z.infer<typeof settingsSchema>): Partial<MemorySettings> {
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof pinned === 'boolean' && { pinned }),
    ...(typeof readOnly === 'boolean' && { readOnly }),
    ...(typeof seconds === 'number' && {
      expires: seconds === 0 ? null : new Date(Date.now() + seconds * 1000).toISOString(),
    }),
  }
}
