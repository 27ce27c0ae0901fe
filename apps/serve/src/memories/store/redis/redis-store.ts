import type { RedisClientType } from '@redis/client'
import { memoryRecordSchema, type MemoryRecord } from '../../memory-record'
import { oldestFirst, StoreError, VersionConflict, type MemoryStore, type StoreUsage } from '../memory-store'
import { deleteScript, putScript, touchScript } from './scripts'

/** What waits for Redis for so long is told that it doesn't answer. */
const milliseconds = 10_000

interface BytesClient {
  hmGet(key: string, fields: string[]): Promise<(Buffer | null)[]>
}

/**
 * Keeps memories in Redis, for several servers: a hash for each, with its record and its file. How much of it outlives
 * Redis's own end is Redis's configuration (`appendonly`, `appendfsync`).
 */
export class RedisStore implements MemoryStore {
  readonly keepsContent = true

  private constructor(
    private readonly client: RedisClientType,
    /** The same, with values as bytes. */
    private readonly files: BytesClient,
    readonly name: string,
    private readonly prefix: string,
  ) {}

  /**
   * @param url `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS; `?prefix=` begins its keys, `ttt-e2e`
   *   where left out
   * @throws StoreError if nothing answers there, or the client isn't installed
   */
  static async open(url: URL): Promise<RedisStore> {
    const redis = await import('@redis/client').catch(() => {
      throw new StoreError('--store redis:// needs the package @redis/client; install it beside the server')
    })
    const prefix = url.searchParams.get('prefix') ?? 'ttt-e2e'
    const address = new URL(url)
    address.search = ''
    let connected = false
    const client = redis.createClient({
      url: address.href,
      // A server that waits for a store which isn't there would hold its clients.
      disableOfflineQueue: true,
      commandOptions: { timeout: milliseconds },
      socket: {
        connectTimeout: milliseconds,
        // What never answered is told of at once; what did is waited for.
        reconnectStrategy: (tries, cause) => (connected ? Math.min(50 * 2 ** tries, 2000) : cause),
      },
    })
    // Told of by every command that fails meanwhile.
    client.on('error', () => {})
    const shown = `redis://${url.host}${url.pathname}`
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error('nothing answers')), milliseconds).unref(),
    )
    try {
      await Promise.race([client.connect(), late])
      connected = true
    } catch (error) {
      client.destroy()
      throw new StoreError(`the store ${shown} can't be reached: ${(error as Error).message}`)
    }
    const files = client.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer })
    return new RedisStore(client as RedisClientType, files as unknown as BytesClient, shown, prefix)
  }

  async get(id: string): Promise<MemoryRecord | undefined> {
    const [json, used] = await this.asked(() => this.client.hmGet(this.key(id), ['record', 'used']))
    return json ? recordOf(json, used!) : undefined
  }

  async list(tenant?: string): Promise<MemoryRecord[]> {
    const tenants = tenant === undefined ? await this.tenants() : [tenant]
    const ids = await this.asked(() =>
      Promise.all(tenants.map((each) => this.client.sMembers(this.ids(each)))),
    )
    const records = await Promise.all(ids.flat().map((id) => this.get(id)))
    return oldestFirst(records.filter((record) => record !== undefined))
  }

  async content({ id, written }: MemoryRecord): Promise<Uint8Array | undefined> {
    const [json, content] = await this.asked(() => this.files.hmGet(this.key(id), ['record', 'content']))
    return json && content && recordOf(String(json), null).written === written ? content : undefined
  }

  async put(record: MemoryRecord, content?: Uint8Array): Promise<void> {
    const { id, tenant, version, used, bytes, stored } = record
    await this.asked(() => this.client.sAdd(this.tenantsKey, tenant))
    const values = [id, version, JSON.stringify(record), used, bytes, stored, content ? 1 : 0]
    const put = await this.asked(() =>
      this.client.eval(putScript, {
        keys: this.keys(id, tenant),
        arguments: [...values.map(String), content ? (bufferOf(content) as never) : ''],
      }),
    )
    if (put !== 1) throw new VersionConflict(id)
  }

  async delete(id: string): Promise<boolean> {
    const record = await this.get(id)
    if (!record) return false
    const keys = this.keys(id, record.tenant)
    return (await this.asked(() => this.client.eval(deleteScript, { keys, arguments: [id] }))) === 1
  }

  async touch(id: string, used: string): Promise<void> {
    await this.asked(() => this.client.eval(touchScript, { keys: [this.key(id)], arguments: [used] }))
  }

  async usage(tenant?: string): Promise<StoreUsage> {
    const key = tenant === undefined ? this.usageKey() : this.usageKey(tenant)
    const [count, bytes, stored] = await this.asked(() =>
      this.client.hmGet(key, ['count', 'bytes', 'stored']),
    )
    return { count: Number(count ?? 0), bytes: Number(bytes ?? 0), stored: Number(stored ?? 0) }
  }

  async close(): Promise<void> {
    this.client.destroy()
  }

  private tenants(): Promise<string[]> {
    return this.asked(() => this.client.sMembers(this.tenantsKey))
  }

  /** @throws StoreError for whatever keeps Redis from answering */
  private async asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw new StoreError(`the store ${this.name} refuses: ${(error as Error).message}`)
    }
  }

  // One slot of a cluster has all: scripts change several keys.
  private key = (id: string): string => `{${this.prefix}}:memory:${id}`
  private ids = (tenant: string): string => `{${this.prefix}}:memories:${tenant}`
  private usageKey = (tenant?: string): string =>
    tenant === undefined ? `{${this.prefix}}:usage` : `{${this.prefix}}:usage:${tenant}`
  private keys = (id: string, tenant: string): string[] => [
    this.key(id),
    this.ids(tenant),
    this.usageKey(tenant),
    this.usageKey(),
  ]
  private get tenantsKey(): string {
    return `{${this.prefix}}:tenants`
  }
}

function recordOf(json: string, used: string | null): MemoryRecord {
  const record = memoryRecordSchema.parse(JSON.parse(json))
  return used === null ? record : { ...record, used }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
