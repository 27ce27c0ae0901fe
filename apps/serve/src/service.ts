import type { Model } from '@ttt-e2e/checkpoint'
import { PrefixCache } from './scheduler/prefix-cache'
import { Scheduler } from './scheduler/scheduler'
import type { Limits } from './limits'
import type { MemoryFiles } from './memories/memory-files'
import { MemoryStore } from './memories/memory-store'
import type { Metrics } from './metrics'
import { ResponseStore } from './responses/response-store'

/** Everything that requests share. */
export interface Service {
  /** The name that clients ask for. */
  id: string
  scheduler: Scheduler
  memories: MemoryStore
  responses: ResponseStore
  prefixes: PrefixCache
  metrics: Metrics
  limits: Limits
  started: Date
}

export interface ServiceOptions {
  limits: Limits
  metrics: Metrics
  /** Keeps memories on disk; those of this model that are there already are taken in. */
  files?: MemoryFiles
  /** See `SchedulerOptions`; not where left out. */
  deterministic?: boolean
}

export function createService(
  { id, model }: { id: string; model: Model },
  { limits, metrics, files, deterministic = false }: ServiceOptions,
): Service {
  const { parallel, queue, memories: maxCount, memoryBytes: maxBytes } = limits
  const memories = new MemoryStore({ maxCount, maxBytes, metrics, ...(files && { files }) })
  for (const memory of files?.load(model, console.warn) ?? []) memories.restore(memory)
  return {
    id,
    scheduler: new Scheduler(model, { parallel, queue, deterministic, metrics }),
    memories,
    responses: new ResponseStore({ maxCount: limits.responses, maxBytes }),
    prefixes: new PrefixCache({ maxCount: limits.prefixes, maxBytes }),
    metrics,
    limits,
    started: new Date(),
  }
}
