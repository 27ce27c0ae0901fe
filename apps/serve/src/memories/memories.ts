import { CheckpointError, decodeMemory, encodeMemory, type Memory, type Model } from '@ttt-e2e/checkpoint'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { ApiError } from '../http/api-error'
import { shown } from '../http/characters'
import { Claims, type Claim } from './claims'
import type { LiveMemories } from './live-memories'
import {
  emptyTrace,
  newMemoryId,
  type MemoryRecord,
  type MemorySettings,
  type ReadingTrace,
} from './memory-record'
import { StoreError, VersionConflict, type MemoryStore, type StoreUsage } from './store/memory-store'

export interface MemoriesOptions {
  tenant: string
  limits: () => { memories: number; memoryBytes: number }
  /** Of the model that they are of. */
  modelHash: string
  store: MemoryStore
  live: LiveMemories
  /** Called after each change. */
  onChange?: () => Promise<void>
}

/** What someone writes to: a stored memory, or a new one. */
export type WriteTarget = { id: string; param?: string } | { name: string | null }

/** What has turns at the model. */
interface Turns {
  turn<T>(work: (model: Model) => T | Promise<T>): Promise<T>
}

export interface OpenedMemory {
  record: MemoryRecord
  /** A fork, the caller's. */
  memory: Memory
}

type NewFacts = Pick<MemoryRecord, 'name' | 'parent'> & Partial<ReadingTrace>

/** A use is remembered to so many milliseconds. */
const usedPrecision = 60_000
/** What others have stored is looked at again after so many milliseconds, while a text is being read. */
const usagePrecision = 1000
/** Reads that meet a version which is just being replaced. */
const tries = 8

/** The memories of a tenant. What is stored never changes but by a version that takes its place, whole or not at all. */
export class Memories {
  private readonly claims = new Claims()
  private known: { usage: StoreUsage; at: number } | undefined

  constructor(private readonly options: MemoriesOptions) {}

  async list(): Promise<MemoryRecord[]> {
    return (await this.options.store.list(this.options.tenant)).filter((record) => this.isThere(record))
  }

  /** @throws ApiError 404: what never was, is another's, another model's or has expired is the same */
  async get(id: string, param = 'id'): Promise<MemoryRecord> {
    const found = /^mem_[0-9a-f]{24}$/.test(id) ? await this.options.store.get(id) : undefined
    if (!found || !this.isThere(found))
      throw new ApiError(404, 'memory_not_found', `there is no memory '${shown(id)}'`, param)
    return found
  }

  /** A memory to go on from. @throws ApiError 404, 500 if what is stored is damaged */
  async open(job: Turns, id: string, param = 'id'): Promise<OpenedMemory> {
    const { store, live } = this.options
    let missing: MemoryRecord | undefined
    for (let i = 0; i < tries; i++) {
      const record = await this.get(id, param)
      const atHand = await job.turn(() => live.fork(record))
      if (atHand) {
        await this.touch(record)
        return { record, memory: atHand }
      }
      const content = await store.content(record)
      if (!content) {
        if (missing?.written === record.written) throw damaged(id, 'its file is gone')
        // It was replaced, or deleted, since the record was read.
        missing = record
        continue
      }
      const memory = await job.turn((model) => {
        live.keep(record, decode(model, content, id))
        return live.fork(record)!
      })
      await this.touch(record)
      return { record, memory }
    }
    throw new ApiError(503, 'memory_moving', `the memory '${id}' changes all the time`, param, {
      retryAfter: 1,
    })
  }

  /**
   * Holds room for one more memory, or lets nobody else here write to one, until it is released: the second of two writers
   * would undo what the first one added. Writers of other servers are found out when they store what they have read.
   *
   * @throws ApiError 404, 403 for a memory that is read-only, 409 while someone writes to it, or 429 if there is no room
   */
  async claim(to: WriteTarget): Promise<Claim> {
    if ('id' in to) {
      const { id, param = 'id' } = to
      checkWritable(await this.get(id, param), param)
      this.claims.checkFree(id, param)
      return this.claims.take(id, (bytes) => this.checkBytes(bytes, id)).claim
    }
    const { memories: maxCount } = this.options.limits()
    const { claim, newBefore } = this.claims.take(undefined, (bytes) => this.checkBytes(bytes))
    try {
      const { count } = await this.usage()
      if (count + newBefore >= maxCount)
        throw new ApiError(
          429,
          'too_many_memories',
          `there ${maxCount === 1 ? 'is' : 'are'} ${counted(maxCount, 'memory', { many: 'memories' })} already; delete one`,
        )
      return claim
    } catch (error) {
      claim.release()
      throw error
    }
  }

  /** Adds a memory and owns it from here on; on an error it stays the caller's. @throws ApiError 413 */
  async add(job: Turns, memory: Memory, { name, parent, ...trace }: NewFacts): Promise<MemoryRecord> {
    await this.checkBytes(memory.stateBytes())
    const now = new Date().toISOString()
    const { tenant, modelHash } = this.options
    const settings = { name, pinned: false, readOnly: false, expires: null }
    const record = { id: newMemoryId(), tenant, parent, created: now, modelHash, ...settings, ...emptyTrace }
    return this.write(job, { ...record, ...trace, used: now, version: 1 }, memory)
  }

  /**
   * Puts what was read on in the place of the version that it was read on from; ownership as in `add`.
   *
   * @throws ApiError 404, 409 if another server has written to it meanwhile, 413
   */
  async replace(
    job: Turns,
    before: MemoryRecord,
    memory: Memory,
    trace: Partial<ReadingTrace> = {},
    param = 'id',
  ): Promise<MemoryRecord> {
    await this.checkBytes(memory.stateBytes(), before.id)
    const used = new Date().toISOString()
    return this.unlessChanged(before.id, param, () =>
      this.write(job, { ...before, ...trace, used, version: before.version + 1 }, memory),
    )
  }

  /** @throws ApiError 404, 409 if another server has changed it meanwhile */
  async configure(id: string, settings: Partial<MemorySettings>): Promise<MemoryRecord> {
    this.claims.checkFree(id, 'id')
    const before = await this.get(id)
    const after = { ...before, ...settings, version: before.version + 1 }
    await this.unlessChanged(id, 'id', () => this.options.store.put(after))
    return after
  }

  /** @throws ApiError 404 */
  async delete(id: string): Promise<void> {
    await this.get(id)
    await this.options.store.delete(id)
    this.options.live.drop(id)
    await this.changed()
  }

  private async write(
    job: Turns,
    facts: Omit<MemoryRecord, 'written' | 'tokens' | 'steps' | 'bytes' | 'stored'>,
    memory: Memory,
  ): Promise<MemoryRecord> {
    const { store, live } = this.options
    const content = store.keepsContent ? await job.turn(() => encodeMemory(memory)) : undefined
    const { tokens, steps } = memory
    const size = { bytes: memory.stateBytes(), stored: content?.length ?? 0 }
    const record = { ...facts, written: facts.version, tokens, steps, ...size }
    await store.put(record, content)
    live.keep(record, memory)
    await this.changed()
    return record
  }

  private async unlessChanged<T>(id: string, param: string, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error
      await this.get(id, param)
      throw new ApiError(
        409,
        'memory_changed',
        `the memory '${id}' was changed meanwhile; nothing of this request is kept: send it again`,
        param,
        { retryAfter: 1 },
      )
    }
  }

  private async touch({ id, used }: MemoryRecord): Promise<void> {
    if (Date.now() - Date.parse(used) > usedPrecision)
      await this.options.store.touch(id, new Date().toISOString())
  }

  private async changed(): Promise<void> {
    this.known = undefined
    await this.options.onChange?.()
  }

  private isThere({ tenant, modelHash, expires }: MemoryRecord): boolean {
    const { options } = this
    const isOurs = tenant === options.tenant && modelHash === options.modelHash
    return isOurs && (expires === null || Date.parse(expires) > Date.now())
  }

  private usage(): Promise<StoreUsage> {
    return this.options.store.usage(this.options.tenant)
  }

  /** @param instead the memory that bytes of another will replace @throws ApiError 413 */
  private async checkBytes(more: number, instead?: string): Promise<void> {
    const { store } = this.options
    const { memoryBytes: maxBytes } = this.options.limits()
    let { known } = this
    if (!known || performance.now() - known.at > usagePrecision)
      known = { usage: await this.usage(), at: performance.now() }
    this.known = known
    const replaced = instead === undefined ? 0 : ((await store.get(instead))?.bytes ?? 0)
    if (known.usage.bytes - replaced + this.claims.bytes + more > maxBytes)
      throw new ApiError(
        413,
        'memories_too_large',
        `all memories together may have ${maxBytes} bytes; delete some`,
      )
  }
}

function checkWritable({ id, readOnly }: MemoryRecord, param: string): void {
  if (readOnly)
    throw new ApiError(
      403,
      'memory_read_only',
      `the memory '${id}' is read-only; fork it, and write to the fork`,
      param,
    )
}

function decode(model: Model, content: Uint8Array, id: string): Memory {
  try {
    return decodeMemory(model, content, id)
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error
    throw damaged(id, error.problems.join('; '))
  }
}

const damaged = (id: string, why: string) =>
  new StoreError(`the memory ${id} is damaged where it is stored: ${why}`, true)
