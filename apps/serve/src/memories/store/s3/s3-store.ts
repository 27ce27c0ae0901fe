import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { memoryRecordSchema, type MemoryRecord } from '../../memory-record'
import { oldestFirst, usageOf, VersionConflict, type MemoryStore, type StoreUsage } from '../memory-store'
import { Bucket } from './bucket'

const entrySchema = z.strictObject({
  record: memoryRecordSchema,
  /** The key of its file. */
  content: z.string(),
})

interface Entry extends z.infer<typeof entrySchema> {
  etag: string
}

/** Files that nothing names are swept when they are so old: a younger one may be of a write that is under way. */
const orphanMilliseconds = 3_600_000

/**
 * Keeps memories in a bucket, for several servers: `records/<id>.json` names the file below `contents/`. A file is there
 * before its record is, which takes the place of the one before it by a conditional write.
 */
export class S3Store implements MemoryStore {
  readonly keepsContent = true
  readonly name: string
  /** Records as they were last seen; a listing says which have changed. */
  private readonly seen = new Map<string, Entry>()

  private constructor(private readonly bucket: Bucket) {
    this.name = bucket.name
  }

  /** @param url as for `Bucket.open` @throws StoreError */
  static async open(url: URL): Promise<S3Store> {
    const store = new S3Store(await Bucket.open(url))
    await store.sweep()
    return store
  }

  async get(id: string): Promise<MemoryRecord | undefined> {
    return (await this.entry(id))?.record
  }

  async list(tenant?: string): Promise<MemoryRecord[]> {
    const entries = await this.entries()
    const records = entries.map(({ record }) => record)
    return oldestFirst(records.filter((record) => tenant === undefined || record.tenant === tenant))
  }

  async content({ id, written }: MemoryRecord): Promise<Uint8Array | undefined> {
    const entry = await this.entry(id)
    if (entry?.record.written !== written) return undefined
    return (await this.bucket.read(entry.content))?.bytes
  }

  async put(record: MemoryRecord, content?: Uint8Array): Promise<void> {
    const { id, version, written } = record
    const before = version > 1 ? await this.entry(id) : undefined
    if ((before?.record.version ?? 0) !== version - 1) throw new VersionConflict(id)
    // Two writers of one version have files of their own.
    const key = content
      ? `contents/${id}/${written}-${randomBytes(6).toString('hex')}.safetensors`
      : before!.content
    if (content) await this.bucket.write(key, content)
    if (!(await this.writeRecord({ record, content: key }, before))) {
      if (content) await this.bucket.remove(key)
      throw new VersionConflict(id)
    }
    if (content && before) await this.removeIfPossible(before.content)
  }

  async delete(id: string): Promise<boolean> {
    const entry = await this.entry(id)
    if (!entry) return false
    await this.bucket.remove(recordKey(id))
    await this.removeIfPossible(entry.content)
    return true
  }

  async touch(id: string, used: string): Promise<void> {
    const entry = await this.entry(id)
    // Whoever has changed it meanwhile has used it, too.
    if (entry) await this.writeRecord({ ...entry, record: { ...entry.record, used } }, entry)
  }

  async usage(tenant?: string): Promise<StoreUsage> {
    return usageOf(await this.list(tenant))
  }

  async close(): Promise<void> {
    this.bucket.close()
  }

  /** @returns whether what was there before still was */
  private async writeRecord(
    { record, content }: z.infer<typeof entrySchema>,
    before?: Entry,
  ): Promise<boolean> {
    const key = recordKey(record.id)
    const body = Buffer.from(JSON.stringify({ record, content }))
    if (await this.bucket.write(key, body, before ? { etag: before.etag } : 'nothing')) return true
    // A write whose answer was lost is tried again, and then finds itself there.
    const found = await this.bucket.read(key)
    return found !== undefined && body.equals(found.bytes)
  }

  private async entry(id: string): Promise<Entry | undefined> {
    const found = await this.bucket.read(recordKey(id))
    return (
      found && { ...entrySchema.parse(JSON.parse(Buffer.from(found.bytes).toString())), etag: found.etag }
    )
  }

  private async entries(): Promise<Entry[]> {
    const listed = await this.bucket.list('records/')
    const ids = new Set(listed.map(({ key }) => idOf(key)))
    for (const id of this.seen.keys()) if (!ids.has(id)) this.seen.delete(id)
    const changed = listed.filter(({ key, etag }) => this.seen.get(idOf(key))?.etag !== etag)
    for (let i = 0; i < changed.length; i += 16)
      await Promise.all(
        changed.slice(i, i + 16).map(async ({ key }) => {
          const entry = await this.entry(idOf(key))
          if (entry) this.seen.set(idOf(key), entry)
        }),
      )
    return [...this.seen.values()]
  }

  /** Removes files of writes that never came to their end. */
  private async sweep(): Promise<void> {
    const contents = await this.bucket.list('contents/')
    const old = contents.filter(({ changed }) => Date.now() - changed.getTime() > orphanMilliseconds)
    if (old.length === 0) return
    const named = new Set((await this.entries()).map(({ content }) => content))
    for (const { key } of old) if (!named.has(key)) await this.removeIfPossible(key)
  }

  /** What stays behind counts for nothing, and is swept at a later start. */
  private async removeIfPossible(key: string): Promise<void> {
    await this.bucket.remove(key).catch(() => {})
  }
}

const recordKey = (id: string): string => `records/${id}.json`
const idOf = (key: string): string => key.slice('records/'.length, -'.json'.length)
