import { createRoute, z } from '@hono/zod-openapi'
import { disposeTree, type TensorTree } from '@ttt-e2e/tensor-ops'
import { weightDistances } from '@ttt-e2e/ttt-inner'
import { clientSignal } from '../http/client-signal'
import type { Service } from '../service'
import type { AddRoutes } from './add-routes'
import { failures, idParams } from './schemas'

const passageSchema = z.object({
  from: z.int().openapi({ description: 'Tokens of the memory before it' }),
  tokens: z.int(),
  loss: z.number().nullable().openapi({ description: 'Mean nats per token' }),
})
const eventsSchema = z
  .object({
    object: z.literal('memory.events'),
    id: z.string(),
    losses: z.array(passageSchema).openapi({
      description: 'How well what was read was predicted, in its order; of a long text neighbours are one',
    }),
    passages: z
      .array(
        passageSchema.extend({
          moved: z
            .number()
            .openapi({ description: 'How far the fast weights went: the L2 norm of their change' }),
          text: z.string().openapi({ description: 'Its beginning' }),
        }),
      )
      .openapi({
        description: 'Those that moved the weights most; of texts that were read with passages: true',
      }),
  })
  .openapi('MemoryEvents')
export type MemoryEvents = z.infer<typeof eventsSchema>

const provenanceSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z.object({
        kind: z.enum(['text', 'completion', 'import']),
        sha256: z.string().openapi({
          description: 'Of the text in UTF-8; of a completion, its prompt; of an import, the file',
        }),
        tokens: z.int(),
        learn: z.boolean().openapi({
          description: 'Whether it was learned from; of a completion, its prompt; of an import, always',
        }),
        at: z.int().openapi({ description: 'Unix time in seconds' }),
      }),
    ),
  })
  .openapi('MemoryProvenance')

const diffSchema = z
  .object({
    object: z.literal('memory.diff'),
    id: z.string(),
    other: z.string(),
    tokens: z.int().openapi({ description: 'Tokens that the other has read more' }),
    steps: z.int().openapi({ description: 'Inner steps that the other has taken more' }),
    distance: z.number().openapi({ description: 'L2 norm of the difference of all fast weights' }),
    weights: z.array(
      z.object({
        name: z.string(),
        distance: z.number(),
        norm: z.number().openapi({ description: 'L2 norm of the weights of the first' }),
      }),
    ),
  })
  .openapi('MemoryDiff')
export type MemoryDiff = z.infer<typeof diffSchema>

/** Tells how memories came to be what they are, and how they differ. */
export const addMemoryHistory: AddRoutes = (app, { service }) => {
  const events = createRoute({
    method: 'get',
    path: '/v1/memories/{id}/events',
    operationId: 'getMemoryEvents',
    summary: 'How reading went: losses, and the passages that moved the weights most',
    request: { params: idParams },
    responses: {
      200: { description: 'What is kept of it', content: { 'application/json': { schema: eventsSchema } } },
      ...failures,
    },
  })
  app.openapi(events, async (c) => {
    const { id, losses, passages } = await service(c).memories.get(c.req.valid('param').id)
    const told = losses.map(([from, tokens, loss]) => ({ from, tokens, loss }))
    return c.json({ object: 'memory.events' as const, id, losses: told, passages }, 200)
  })

  const provenance = createRoute({
    method: 'get',
    path: '/v1/memories/{id}/provenance',
    operationId: 'getMemoryProvenance',
    summary: 'What was read, by its hashes; oldest first',
    request: { params: idParams },
    responses: {
      200: { description: 'All', content: { 'application/json': { schema: provenanceSchema } } },
      ...failures,
    },
  })
  app.openapi(provenance, async (c) => {
    const { sources } = await service(c).memories.get(c.req.valid('param').id)
    const data = sources.map((source) => ({ ...source, at: Math.floor(Date.parse(source.at) / 1000) }))
    return c.json({ object: 'list' as const, data }, 200)
  })

  const diff = createRoute({
    method: 'get',
    path: '/v1/memories/{id}/diff/{other}',
    operationId: 'diffMemories',
    summary: 'How far apart two memories are',
    request: { params: idParams.extend({ other: idParams.shape.id }) },
    responses: {
      200: { description: 'It', content: { 'application/json': { schema: diffSchema } } },
      ...failures,
    },
  })
  app.openapi(diff, async (c) => {
    const { id, other } = c.req.valid('param')
    return c.json(await diffOf(service(c), clientSignal(c).signal, id, other), 200)
  })
}

async function diffOf(
  { memories, scheduler }: Service,
  signal: AbortSignal,
  id: string,
  other: string,
): Promise<MemoryDiff> {
  await memories.get(id)
  await memories.get(other, 'other')
  const job = scheduler.admit(signal)
  try {
    const from = await memories.open(job, id)
    const to = await memories.open(job, other, 'other').catch((error: unknown) => {
      from.memory.dispose()
      throw error
    })
    try {
      const weights = await job.turn(async () => {
        const [start, end] = [from.memory.reader.fastWeights(), to.memory.reader.fastWeights()]
        if (!start || !end) return []
        try {
          const norms = await weightDistances(start)
          const distances = await weightDistances(end, start)
          return distances.map((each, i) => ({ ...each, norm: norms[i].distance }))
        } finally {
          disposeTree([start, end] as TensorTree[])
        }
      })
      return {
        object: 'memory.diff',
        id,
        other,
        tokens: to.record.tokens - from.record.tokens,
        steps: to.record.steps - from.record.steps,
        distance: Math.hypot(...weights.map(({ distance }) => distance)),
        weights,
      }
    } finally {
      from.memory.dispose()
      to.memory.dispose()
    }
  } finally {
    job.end()
  }
}
