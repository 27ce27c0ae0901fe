import { createRoute, z } from '@hono/zod-openapi'
import type { Memory } from '@ttt-e2e/checkpoint'
import { clientSignal } from '../http/client-signal'
import { receiveJson } from '../http/receive-body'
import { orDisposed } from '../memories/or-disposed'
import { emptyTrace, type MemorySettings, type ReadingTrace } from '../memories/memory-record'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import { describeMemory } from './describe-memory'
import { flag, numberFrom, optional } from './fields'
import { refuseEarly } from './refuse-early'
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

const resetSchema = z
  .strictObject({
    to: optional(z.string('must be a string')).openapi({
      description:
        'The id of a memory that it becomes a fork of, as one that was made before a text was read; of nothing where left out',
    }),
  })
  .openapi('MemoryReset')

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
    summary: 'Forgets all that was read: the weights are those of the model again, or of another memory',
    middleware: [refuseEarly({ service, limits }), receiveJson(limits)],
    request: {
      params: idParams,
      body: { content: { 'application/json': { schema: resetSchema } } },
    },
    responses: {
      200: { description: 'The memory, of nothing or as the other', content: memory },
      ...failures,
    },
  })
  app.openapi(reset, async (c) => {
    const served = service(c)
    const { memories, scheduler } = served
    const { id } = c.req.valid('param')
    const { to } = c.req.valid('json')
    const claim = await memories.claim({ id })
    try {
      if (typeof to === 'string') await memories.get(to, 'to')
      const job = scheduler.admit(clientSignal(c).signal)
      try {
        const before = await memories.get(id)
        const { memory: after, trace } = await startOf(job, memories, to)
        const record = await orDisposed(after, () => memories.replace(job, before, after, trace))
        return c.json(describeMemory(served, record), 200)
      } finally {
        job.end()
      }
    } finally {
      claim.release()
    }
  })
}

/** What a memory is reset to: nothing, or a fork of another. @throws ApiError 404 */
async function startOf(
  job: ReturnType<Service['scheduler']['admit']>,
  memories: Service['memories'],
  to: string | null | undefined,
): Promise<{ memory: Memory; trace: ReadingTrace }> {
  if (typeof to !== 'string')
    return { memory: await job.turn((model) => model.startMemory()), trace: emptyTrace }
  const { memory, record } = await memories.open(job, to, 'to')
  const { sources, losses, passages } = record
  return { memory, trace: { sources, losses, passages } }
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
