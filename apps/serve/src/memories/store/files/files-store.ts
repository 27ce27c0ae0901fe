import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder, readWholeFile, writeFileDurably, writerOf } from '@ttt-e2e/tensor-ops/files'
import type { MemoryRecord } from '../../memory-record'
import { VersionConflict, type MemoryStore, type StoreUsage } from '../memory-store'
import { MemoryIndex } from './memory-index'

/**
 * Keeps memories in a folder of this machine: `index.sqlite` has the records, `<written>-<id>.safetensors` the tensors.
 * A file is there before the index names it and goes when the index no longer does, so that whenever the process ends,
 * the index tells what is so; files that it doesn't name are swept at the next start. One process at a time.
 */
export class FilesStore implements MemoryStore {
  readonly name: string
  readonly keepsContent = true
  private readonly index: MemoryIndex

  /** @throws FileError or StoreError if the folder can't be used */
  constructor(private readonly folder: string) {
    this.name = folder
    makeFolder(folder)
    this.index = new MemoryIndex(folder)
    this.sweep()
  }

  async get(id: string): Promise<MemoryRecord | undefined> {
    return this.index.get(id)
  }

  async list(tenant?: string): Promise<MemoryRecord[]> {
    return this.index.list(tenant)
  }

  async content(record: MemoryRecord): Promise<Uint8Array | undefined> {
    const path = this.pathOf(record)
    // Read in one go: nothing can take its place meanwhile.
    return existsSync(path) ? readWholeFile(path) : undefined
  }

  async put(record: MemoryRecord, content?: Uint8Array): Promise<void> {
    const before = this.index.get(record.id)
    if ((before?.version ?? 0) !== record.version - 1) throw new VersionConflict(record.id)
    if (content) writeFileDurably(this.pathOf(record), content)
    try {
      this.index.put(record)
    } catch (error) {
      if (content) removeIfPossible(this.pathOf(record))
      throw error
    }
    if (content && before) removeIfPossible(this.pathOf(before))
  }

  async delete(id: string): Promise<boolean> {
    const record = this.index.get(id)
    const deleted = this.index.delete(id)
    if (record) removeIfPossible(this.pathOf(record))
    return deleted
  }

  async touch(id: string, used: string): Promise<void> {
    this.index.touch(id, used)
  }

  async usage(tenant?: string): Promise<StoreUsage> {
    return this.index.usage(tenant)
  }

  async close(): Promise<void> {
    this.index.close()
  }

  /** Removes what a process that was killed has left: files that the index doesn't name, and those half written. */
  private sweep(): void {
    const named = new Set(this.index.list().map(fileOf))
    for (const file of readdirSync(this.folder))
      if ((isContent(file) && !named.has(file)) || writerOf(file) !== undefined)
        removeIfPossible(join(this.folder, file))
  }

  private pathOf(record: MemoryRecord): string {
    return join(this.folder, fileOf(record))
  }
}

const fileOf = ({ id, written }: MemoryRecord): string => `${written}-${id}.safetensors`
const isContent = (file: string): boolean => /^\d+-mem_[0-9a-f]{24}\.safetensors$/.test(file)

/** What stays behind counts for nothing, and goes at the next start. */
function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // What was asked for is done.
  }
}
