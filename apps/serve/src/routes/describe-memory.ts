import type { z } from '@hono/zod-openapi'
import type { MemoryRecord } from '../memories/memory-record'
import type { Service } from '../service'
import type { memorySchema } from './schemas'

/** A memory as clients see it. */
export const describeMemory = (
  { id: model }: Service,
  { id, name, parent, created, modelHash, tokens, steps, bytes }: MemoryRecord,
): z.infer<typeof memorySchema> => ({
  id,
  object: 'memory',
  name,
  model,
  model_hash: modelHash,
  parent,
  created: Math.floor(Date.parse(created) / 1000),
  tokens,
  steps,
  bytes,
})
