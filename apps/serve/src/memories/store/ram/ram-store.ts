import type { MemoryRecord } from '../../memory-record'
import { usageOf, VersionConflict, type MemoryStore, type StoreUsage } from '../memory-store'

/** Keeps records as long as the process runs. Their memories live beside it, as tensors only. */
export class RamStore implements MemoryStore {
  readonly name = 'this process'
  readonly keepsContent = false
  private readonly records = new Map<string, MemoryRecord>()

  async get(id: string): Promise<MemoryRecord | undefined> {
    return this.records.get(id)
  }

  async list(tenant?: string): Promise<MemoryRecord[]> {
    return [...this.records.values()].filter((record) => tenant === undefined || record.tenant === tenant)
  }

  async content(): Promise<undefined> {
    return undefined
  }

  async put(record: MemoryRecord): Promise<void> {
    const { id, version } = record
    if ((this.records.get(id)?.version ?? 0) !== version - 1) throw new VersionConflict(id)
    this.records.set(id, record)
  }

  async delete(id: string): Promise<boolean> {
    return this.records.delete(id)
  }

  async touch(id: string, used: string): Promise<void> {
    const record = this.records.get(id)
    if (record) this.records.set(id, { ...record, used })
  }

  async usage(tenant?: string): Promise<StoreUsage> {
    return usageOf(await this.list(tenant))
  }

  async close(): Promise<void> {}
}
