import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { textPieces } from '../scheduler/text-pieces'
import { writeMemory, type WriteProgress, type WriteRequest } from '../scheduler/write-memory'
import { ApiError } from '../http/api-error'
import { clientSignal } from '../http/client-signal'
import { finish } from '../http/generators'
import { acceptedLines, lineStream } from '../http/line-stream'
import { bodyPieces, checkLength, type BodyOptions } from '../http/read-body'
import { receiveBody } from '../http/receive-body'
import type { MemoryRecord } from '../memories/memory-record'
import { logOf } from '../operating/log-requests'
import type { Service } from '../service'
import type { AddRoutes, RouteOptions } from './add-routes'
import { describeMemory } from './describe-memory'
import { flag, optional } from './fields'
import { refuseEarly } from './refuse-early'
import { failures, idParams, memorySchema, nameQuery, nameSchema, type MemoryAnswer } from './schemas'

const text = z.string('must be given, as one string').min(1, 'must not be empty')
const passages = optional(flag()).openapi({
  description: 'Whether to measure how far each passage moves the weights, for /events',
})
const learn = optional(flag()).openapi({
  default: true,
  description: 'Whether to learn from the text; where not, it is read, and the weights stay as they are',
})
/** The same for texts that are no JSON. */
const flagQuery = z.enum(['true', 'false', '']).optional()
const readingQuery = { passages: flagQuery, learn: flagQuery }
const plain = {
  schema: z.string().min(1).openapi({
    pattern: '^[^\\u0000]*$',
    description: 'UTF-8 without NUL, of any length; read as it arrives',
  }),
}

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
export type MemoryProgress = z.infer<typeof progressSchema>
const progress = { schema: z.union([progressSchema, memorySchema]) }
const description =
  'The memory, sent when all was read: nothing comes before, however long it takes. Those who accept a stream get its ' +
  'headers at once, progress as it is read, and the memory at the end; while there is nothing else to say, comment ' +
  'lines, or the last progress again where lines are JSON'

const content = {
  'application/json': { schema: memorySchema },
  'text/event-stream': progress,
  'application/x-ndjson': progress,
}

/** Reads texts into memories, new ones and old ones. */
export const addMemoryTexts: AddRoutes = (app, options) => {
  const { limits } = options
  const { bodyBytes, textBytes, idleSeconds } = limits
  const kinds = {
    json: { maxBytes: bodyBytes, idleSeconds },
    text: { maxBytes: textBytes, idleSeconds },
  }
  const middleware = [refuseEarly(options), receiveBody(kinds)]

  const created = z.strictObject({ text, name: optional(nameSchema), passages, learn }).openapi('NewMemory')
  const create = createRoute({
    method: 'post',
    path: '/v1/memories',
    operationId: 'createMemory',
    summary: 'Reads a text into a new memory',
    middleware,
    request: {
      query: nameQuery.extend(readingQuery),
      body: { content: { 'application/json': { schema: created }, 'text/plain': plain } },
    },
    responses: { 201: { description, content }, ...failures },
  })
  app.openapi(create, async (c) => {
    const query = c.req.valid('query')
    const { name, ...read } = given(c, kinds.text, { json: c.req.valid('json'), query })
    return answer(c, options, { ...read, to: { name: name ?? (query.name || null) } }, 201)
  })

  const appended = z.strictObject({ text, passages, learn }).openapi('MoreText')
  const read = createRoute({
    method: 'post',
    path: '/v1/memories/{id}/read',
    operationId: 'readIntoMemory',
    summary: 'Reads more into a memory',
    middleware,
    request: {
      params: idParams,
      query: z.strictObject(readingQuery),
      body: { content: { 'application/json': { schema: appended }, 'text/plain': plain } },
    },
    responses: { 200: { description, content }, ...failures },
  })
  app.openapi(read, async (c) => {
    const { name: _, ...read } = given(c, kinds.text, {
      json: c.req.valid('json'),
      query: c.req.valid('query'),
    })
    return answer(c, options, { ...read, to: { id: c.req.valid('param').id } }, 200)
  })
}

interface Said {
  json: { text: string; name?: string | null; passages?: boolean | null; learn?: boolean | null } | string
  query: Partial<Record<'passages' | 'learn', 'true' | 'false' | ''>>
}

/** The text of a request, of its JSON or of its body, and how it is to be read. */
function given(
  c: Context,
  limits: BodyOptions,
  { json, query }: Said,
): Pick<WriteRequest, 'texts' | 'param' | 'passages' | 'learn'> & { name: string | null } {
  const kind = c.get('bodyKind')
  if (kind === 'nothing')
    throw new ApiError(400, 'missing_body', 'the body must be JSON with a text, or text/plain', 'text')
  const asked = { passages: query.passages === 'true', learn: query.learn !== 'false' }
  if (kind === 'json') {
    const { text, name = null, passages, learn } = json as Exclude<typeof json, string>
    const how = { passages: passages || asked.passages, learn: learn !== false && asked.learn }
    return { texts: [text], param: 'text', name, ...how }
  }
  checkLength(c.req.raw, limits)
  return { texts: textPieces(bodyPieces(c.req.raw, limits)), param: 'body', name: null, ...asked }
}

async function answer<Status extends 200 | 201>(
  c: Context,
  { service, limits }: RouteOptions,
  request: Omit<WriteRequest, 'signal'>,
  status: Status,
) {
  const served = service(c)
  const { signal, stop } = clientSignal(c)
  const work = await writeMemory(served, { ...request, signal })
  const format = acceptedLines(c.req.header('accept'))
  if (!format) return c.json(describeMemory(served, await finish(work)), status)
  let last: MemoryProgress = {
    object: 'memory.progress',
    tokens_read: 0,
    tokens: 0,
    steps: 0,
    bytes: 0,
    loss: null,
  }
  if ('id' in request.to) {
    const { tokens, steps, bytes } = await served.memories.get(request.to.id)
    last = { ...last, tokens, steps, bytes }
  }
  return lineStream(
    messages(served, work, (progress) => (last = progress)),
    {
      format,
      log: logOf(c),
      stop,
      optional: ({ object }) => object === 'memory.progress',
      silenceSeconds: limits.silenceSeconds,
      still: () => last,
    },
  )
}

async function* messages(
  served: Service,
  work: AsyncGenerator<WriteProgress, MemoryRecord, void>,
  onProgress: (progress: MemoryProgress) => void,
): AsyncGenerator<MemoryProgress | MemoryAnswer, void, void> {
  try {
    for (;;) {
      const { done, value } = await work.next()
      if (done) return void (yield describeMemory(served, value))
      const progress = { object: 'memory.progress' as const, ...value }
      onProgress(progress)
      yield progress
    }
  } finally {
    await work.return(undefined as never)
  }
}
