import type { Metrics } from '../metrics'
import type { LiveMemories } from './live-memories'
import type { MemoryStore } from './store/memory-store'

export interface RoomOptions {
  store: MemoryStore
  live: LiveMemories
  metrics: Metrics
  /** Of all files together; Infinity for no end. */
  maxBytes: number
}

/** Deletes what has expired and, where the store is too full, what was used least recently of what isn't pinned. */
export async function makeRoom({ store, live, metrics, maxBytes }: RoomOptions): Promise<void> {
  if (maxBytes === Infinity) return
  let { stored } = await store.usage()
  if (stored <= maxBytes) return
  const records = (await store.list()).toSorted((a, b) => Date.parse(a.used) - Date.parse(b.used))
  // The one used last is the one that room is made for.
  for (const record of records.slice(0, -1)) {
    if (stored <= maxBytes) return
    if (record.pinned) continue
    if (!(await store.delete(record.id))) continue
    live.drop(record.id)
    stored -= record.stored
    metrics.evicted.inc()
  }
}
