import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { textPieces } from '../engine/text-pieces'
import { writeMemory, type WriteProgress, type WriteRequest } from '../engine/write-memory'
import { ApiError } from '../http/api-error'
import { clientSignal } from '../http/client-signal'
import { finish, primed } from '../http/generators'
import { jsonBody } from '../http/json-body'
import { acceptedLines, lineStream } from '../http/line-stream'
import { bodyPieces } from '../http/read-body'
import type { StoredMemory } from '../memories/stored-memory'
import type { Service } from '../service'
import type { AddRoutes, RouteOptions } from './add-routes'
import { describeMemory } from './describe-memory'
import { failures, idParams, memorySchema, nameQuery, nameSchema } from './schemas'

const text = z.string().min(1)
const plain = { schema: z.string().openapi({ description: 'UTF-8, of any length; read as it arrives' }) }
const progressSchema = z
  .object({
    object: z.literal('memory.progress'),
    tokens_read: z.int().openapi({ description: 'Of this text' }),
    tokens: z.int().openapi({ description: 'Of the memory' }),
    steps: z.int(),
    bytes: z.int(),
    loss: z.number().nullable().openapi({ description: 'Mean nats per token of the last piece' }),
  })
  .openapi('MemoryProgress')
const progress = { schema: z.union([progressSchema, memorySchema]) }
/** The memory, or progress as it is read and the memory at the end, for those who accept a stream. */
const content = {
  'application/json': { schema: memorySchema },
  'text/event-stream': progress,
  'application/x-ndjson': progress,
}

/** Reads texts into memories, new ones and old ones. */
export const addMemoryTexts: AddRoutes = (app, options) => {
  const { service, limits } = options
  const middleware = [jsonBody({ maxBytes: limits.bodyBytes, idleSeconds: limits.idleSeconds })]

  const created = z.strictObject({ text, name: nameSchema.nullish() }).openapi('NewMemory')
  const create = createRoute({
    method: 'post',
    path: '/v1/memories',
    summary: 'Reads a text into a new memory',
    middleware,
    request: {
      query: nameQuery,
      body: { content: { 'application/json': { schema: created }, 'text/plain': plain } },
    },
    responses: { 201: { description: 'The memory', content }, ...failures },
  })
  app.openapi(create, async (c) => {
    const body = given(c, c.req.valid('json'))
    const name = body?.name ?? c.req.valid('query').name ?? null
    const { signal, stop } = clientSignal(c)
    const work = writeMemory(service(), { texts: textsOf(c, options, body), to: { name }, signal })
    return answer(c, service(), work, 201, stop)
  })

  const appended = z.strictObject({ text }).openapi('MoreText')
  const read = createRoute({
    method: 'post',
    path: '/v1/memories/{id}/read',
    summary: 'Reads more into a memory',
    middleware,
    request: {
      params: idParams,
      body: { content: { 'application/json': { schema: appended }, 'text/plain': plain } },
    },
    responses: { 200: { description: 'The memory', content }, ...failures },
  })
  app.openapi(read, async (c) => {
    const body = given(c, c.req.valid('json'))
    const { id } = c.req.valid('param')
    const { signal, stop } = clientSignal(c)
    const work = writeMemory(service(), { texts: textsOf(c, options, body), to: { id }, signal })
    return answer(c, service(), work, 200, stop)
  })
}

/** The JSON of a request, undefined where its body is a text. */
function given<Body>(c: Context, json: Body | string): Body | undefined {
  const type = c.req.header('content-type')
  if (type === undefined)
    throw new ApiError(400, 'missing_body', 'the body must be JSON with a text, or text/plain', 'text')
  const charset = /^text\/plain;.*charset="?([\w-]+)/i.exec(type)?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw new ApiError(415, 'unsupported_charset', `texts are read as UTF-8, not ${charset}`)
  return typeof json === 'string' || /^text\/plain/i.test(type) ? undefined : json
}

function textsOf(
  c: Context,
  { limits }: RouteOptions,
  body: { text: string } | undefined,
): WriteRequest['texts'] {
  if (body) return [body.text]
  const { textBytes: maxBytes, idleSeconds } = limits
  return textPieces(bodyPieces(c.req.raw, { maxBytes, idleSeconds }))
}

async function answer<Status extends 200 | 201>(
  c: Context,
  served: Service,
  work: AsyncGenerator<WriteProgress, StoredMemory, void>,
  status: Status,
  stop: () => void,
) {
  const format = acceptedLines(c.req.header('accept'))
  const optional = ({ object }: { object: string }) => object === 'memory.progress'
  if (format) return lineStream(await primed(messages(served, work)), { format, stop, optional })
  return c.json(describeMemory(served, await finish(work)), status)
}

async function* messages(served: Service, work: AsyncGenerator<WriteProgress, StoredMemory, void>) {
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (done) return void (yield describeMemory(served, value))
      yield { object: 'memory.progress' as const, ...value }
    }
  } finally {
    await work.return(undefined as never)
  }
}
