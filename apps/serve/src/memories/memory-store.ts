import type { Memory } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
import { shown } from '../http/characters'
import type { Metrics } from '../metrics'
import type { MemoryFiles } from './memory-files'
import { newMemoryId, type MemoryFacts, type StoredMemory } from './stored-memory'

export interface MemoryStoreOptions {
  maxCount: number
  maxBytes: number
  metrics: Metrics
  /** Keeps memories on disk too, where there is a folder for them. */
  files?: MemoryFiles
}

/** What someone writes to: a stored memory, or a new one. */
export type WriteTarget = { id: string; param?: string } | { name: string | null }

/** Room for what is in the making. */
export interface Claim {
  /** Says how large it has become. @throws ApiError 413 */
  hold(bytes: number): void
  /** A second time does nothing. */
  release(): void
}

/** The memories that clients have made. What is stored never changes but by `replace`, whole or not at all. */
export class MemoryStore {
  private readonly memories = new Map<string, StoredMemory>()
  /** Bytes that each writer holds, with the memory that it writes to. */
  private readonly claims = new Map<Claim, { id?: string; bytes: number }>()

  constructor(private readonly options: MemoryStoreOptions) {}

  list(): StoredMemory[] {
    return [...this.memories.values()]
  }

  /** @throws ApiError 404 */
  get(id: string, param = 'id'): StoredMemory {
    const found = this.memories.get(id)
    if (!found) throw new ApiError(404, 'memory_not_found', `there is no memory '${shown(id)}'`, param)
    return found
  }

  /**
   * Holds room for one more memory, or lets nobody else write to one, until it is released: the second of two writers
   * would undo what the first one added.
   *
   * @throws ApiError 404, 409 while someone writes to the memory, or 429 if there is no room
   */
  claim(to: WriteTarget): Claim {
    if ('id' in to) {
      const { id, param = 'id' } = to
      this.get(id, param)
      if (this.claimed.some((each) => each.id === id))
        throw new ApiError(409, 'memory_busy', `another request writes to the memory '${id}'`, param, {
          retryAfter: 1,
        })
      return this.newClaim(id)
    }
    const { maxCount } = this.options
    if (this.memories.size + this.claimed.filter(({ id }) => id === undefined).length >= maxCount)
      throw new ApiError(429, 'too_many_memories', `there are ${maxCount} memories already; delete one`)
    return this.newClaim()
  }

  /** Adds a memory and owns it from here on; on an error it stays the caller's. @throws ApiError 413 */
  async add(memory: Memory, facts: MemoryFacts): Promise<StoredMemory> {
    this.checkBytes(memory.stateBytes())
    const added = { id: newMemoryId(), created: new Date(), ...facts, memory }
    await this.options.files?.write(added)
    this.keep(added)
    return added
  }

  /** Takes in what an earlier server kept. */
  restore(memory: StoredMemory): void {
    this.keep(memory)
  }

  /** Puts what was read on in the place of a memory that was claimed; ownership as in `add`. @throws ApiError 404, 413 */
  async replace(id: string, memory: Memory, param = 'id'): Promise<StoredMemory> {
    this.checkBytes(memory.stateBytes(), id)
    const before = this.get(id, param)
    const after = { ...before, memory }
    await this.options.files?.write(after)
    if (this.memories.get(id) !== before) {
      // It was deleted meanwhile.
      this.options.files?.remove(id)
      this.get(id, param)
    }
    this.keep(after)
    before.memory.dispose()
    return after
  }

  /** @throws ApiError 404 */
  delete(id: string): void {
    const { memory } = this.get(id)
    this.options.files?.remove(id)
    this.memories.delete(id)
    memory.dispose()
    this.count()
  }

  dispose(): void {
    for (const { memory } of this.memories.values()) memory.dispose()
    this.memories.clear()
    this.count()
  }

  /** @param instead the memory that bytes of another will replace @throws ApiError 413 */
  private checkBytes(more: number, instead?: string): void {
    const { maxBytes } = this.options
    const replaced = instead === undefined ? undefined : this.memories.get(instead)
    const held = this.claimed.reduce((sum, { bytes }) => sum + bytes, 0)
    if (this.bytes - (replaced?.memory.stateBytes() ?? 0) + held + more > maxBytes)
      throw new ApiError(
        413,
        'memories_too_large',
        `all memories together may have ${maxBytes} bytes; delete some`,
      )
  }

  private newClaim(id?: string): Claim {
    const held = { ...(id !== undefined && { id }), bytes: 0 }
    const claim = {
      hold: (bytes: number) => {
        held.bytes = 0
        this.checkBytes(bytes, id)
        held.bytes = bytes
      },
      release: () => void this.claims.delete(claim),
    }
    this.claims.set(claim, held)
    return claim
  }

  private get claimed() {
    return [...this.claims.values()]
  }

  private get bytes(): number {
    return this.list().reduce((sum, { memory }) => sum + memory.stateBytes(), 0)
  }

  private keep(memory: StoredMemory): void {
    this.memories.set(memory.id, memory)
    this.count()
  }

  private count(): void {
    this.options.metrics.memories.set(this.memories.size)
    this.options.metrics.memoryBytes.set(this.bytes)
  }
}
