import type { z } from '@hono/zod-openapi'
import type { StoredMemory } from '../memories/stored-memory'
import type { Service } from '../service'
import type { memorySchema } from './schemas'

/** A memory as clients see it. */
export const describeMemory = (
  { id: model, scheduler }: Service,
  { id, name, parent, created, memory }: StoredMemory,
): z.infer<typeof memorySchema> => ({
  id,
  object: 'memory',
  name,
  model,
  model_hash: scheduler.model.hash,
  parent,
  created: Math.floor(created.getTime() / 1000),
  tokens: memory.tokens,
  steps: memory.steps,
  bytes: memory.stateBytes(),
})
