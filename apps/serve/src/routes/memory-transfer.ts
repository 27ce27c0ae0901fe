import { createHash } from 'node:crypto'
import { CheckpointError, decodeMemory, encodeMemory, type Memory, type Model } from '@ttt-e2e/checkpoint'
import { createRoute, z } from '@hono/zod-openapi'
import { ApiError } from '../http/api-error'
import { clientSignal } from '../http/client-signal'
import { wholeBody } from '../http/read-body'
import { orDisposed } from '../memories/or-disposed'
import { TraceWriter } from '../memories/reading-trace'
import type { AddRoutes } from './add-routes'
import { describeMemory } from './describe-memory'
import { failures, idParams, memorySchema, nameQuery } from './schemas'

const file = { schema: z.string().openapi({ format: 'binary', description: 'A safetensors file' }) }

/** Takes memories out of the server and puts them in. */
export const addMemoryTransfer: AddRoutes = (app, { service, limits }) => {
  const { importBytes: maxBytes, idleSeconds } = limits

  const exporting = createRoute({
    method: 'get',
    path: '/v1/memories/{id}/export',
    operationId: 'exportMemory',
    summary: 'A memory as a safetensors file',
    request: { params: idParams },
    responses: {
      200: { description: 'The file', content: { 'application/octet-stream': file } },
      ...failures,
    },
  })
  app.openapi(exporting, async (c) => {
    const { scheduler, memories } = service(c)
    const { id } = await memories.get(c.req.valid('param').id)
    const job = scheduler.admit(clientSignal(c).signal)
    try {
      const { memory } = await memories.open(job, id)
      const bytes = await job.turn(() => encodeMemory(memory)).finally(() => memory.dispose())
      return new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: {
          'Content-Type': 'application/octet-stream',
          'Content-Disposition': `attachment; filename="${id}.safetensors"`,
        },
      })
    } finally {
      job.end()
    }
  })

  const importing = createRoute({
    method: 'post',
    path: '/v1/memories/import',
    operationId: 'importMemory',
    summary: 'A memory from an exported file; refused if it is of another model',
    request: { query: nameQuery, body: { content: { 'application/octet-stream': file } } },
    responses: {
      201: { description: 'The memory', content: { 'application/json': { schema: memorySchema } } },
      ...failures,
    },
  })
  app.openapi(importing, async (c) => {
    const served = service(c)
    const { memories, scheduler } = served
    const name = c.req.valid('query').name || null
    scheduler.check()
    const room = await memories.claim({ name })
    room.release()
    const bytes = await wholeBody(c.req.raw, { maxBytes, idleSeconds })
    const claim = await memories.claim({ name })
    try {
      const job = scheduler.admit(clientSignal(c).signal)
      try {
        const memory = await job.turn((model) => decode(model, bytes))
        const trace = new TraceWriter()
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        trace.source({ kind: 'import', sha256, tokens: memory.tokens, learn: true })
        const facts = { name, parent: null, ...trace.end() }
        const stored = await orDisposed(memory, () => memories.add(job, memory, facts))
        return c.json(describeMemory(served, stored), 201)
      } finally {
        job.end()
      }
    } finally {
      claim.release()
    }
  })
}

/** @throws ApiError 400 if the bytes are no memory of the model, or none that it can go on from */
async function decode(model: Model, bytes: Uint8Array): Promise<Memory> {
  const refuse = (why: string) =>
    new ApiError(400, 'invalid_memory', `the memory can't be used: ${why}`, 'body')
  let memory: Memory | undefined
  try {
    memory = decodeMemory(model, bytes)
    if (!(await goesOn(memory))) throw refuse('the model can make nothing of it')
    return memory
  } catch (error) {
    memory?.dispose()
    if (error instanceof ApiError) throw error
    if (error instanceof CheckpointError) throw refuse(error.problems.slice(0, 12).join('; '))
    // Whatever a stranger's bytes lead to is their fault, but worth knowing of.
    console.error(error)
    throw refuse('it is not sound')
  }
}

/** Tries a token: a file can look sound and hold counters that no reading ever leads to. */
async function goesOn(memory: Memory): Promise<boolean> {
  if (memory.tokens === 0) return true
  const trial = memory.fork()
  try {
    await trial.reader.read(Int32Array.of(0))
    return (await trial.reader.nextLogits()).every(Number.isFinite)
  } finally {
    trial.dispose()
  }
}
