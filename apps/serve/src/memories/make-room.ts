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

/** Expired memories are looked for so rarely, in milliseconds: nobody sees them meanwhile. */
const sweepMilliseconds = 60_000

/** Deletes what has expired and, where the store is too full, what was used least recently of what isn't pinned. */
export class RoomMaker {
  private sweptAt = -Infinity

  constructor(private readonly options: RoomOptions) {}

  async make(): Promise<void> {
    const { store, maxBytes } = this.options
    let { stored } = await store.usage()
    const sweeps = performance.now() - this.sweptAt > sweepMilliseconds
    if (!sweeps && stored <= maxBytes) return
    this.sweptAt = performance.now()
    const records = (await store.list()).toSorted((a, b) => Date.parse(a.used) - Date.parse(b.used))
    for (const [i, record] of records.entries()) {
      // The one used last is the one that room is made for.
      const isTooMuch = stored > maxBytes && !record.pinned && i < records.length - 1
      const isExpired = record.expires !== null && Date.parse(record.expires) <= Date.now()
      if ((isTooMuch || isExpired) && (await this.remove(record.id))) stored -= record.stored
    }
  }

  private async remove(id: string): Promise<boolean> {
    const { store, live, metrics } = this.options
    if (!(await store.delete(id))) return false
    live.drop(id)
    metrics.evicted.inc()
    return true
  }
}
