import type { Memory } from '@ttt-e2e/checkpoint'
import { ApiError } from '../http/api-error'
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

/** The memories that clients have made. What is stored never changes but by `replace`, whole or not at all. */
export class MemoryStore {
  private readonly memories = new Map<string, StoredMemory>()
  private readonly writing = new Set<string>()
  private reserved = 0

  constructor(private readonly options: MemoryStoreOptions) {}

  list(): StoredMemory[] {
    return [...this.memories.values()]
  }

  /** @throws ApiError 404 */
  get(id: string, param = 'id'): StoredMemory {
    const found = this.memories.get(id)
    if (!found) throw new ApiError(404, 'memory_not_found', `there is no memory '${id.slice(0, 100)}'`, param)
    return found
  }

  /** Holds room for one more memory until the function returned is called. @throws ApiError 429 */
  reserve(): () => void {
    const { maxCount } = this.options
    if (this.memories.size + this.reserved >= maxCount)
      throw new ApiError(
        429,
        'too_many_memories',
        `there are ${maxCount} memories already; delete one`,
        null,
        60,
      )
    this.reserved++
    return () => void this.reserved--
  }

  /**
   * @param held bytes of a memory in the making
   * @param instead the memory that it will replace
   * @throws ApiError 413
   */
  checkBytes(held: number, instead?: string): void {
    const { maxBytes } = this.options
    const replaced = instead === undefined ? undefined : this.memories.get(instead)
    if (this.bytes - (replaced?.memory.stateBytes() ?? 0) + held > maxBytes)
      throw new ApiError(
        413,
        'memories_too_large',
        `all memories together may have ${maxBytes} bytes; delete some`,
      )
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

  /**
   * Lets nobody else write to a memory until the function returned is called: the second of two writers would undo what
   * the first one added.
   *
   * @throws ApiError 404, or 409 while someone writes
   */
  beginWrite(id: string, param = 'id'): () => void {
    this.get(id, param)
    if (this.writing.has(id))
      throw new ApiError(409, 'memory_busy', `another request writes to the memory '${id}'`, param, 1)
    this.writing.add(id)
    return () => void this.writing.delete(id)
  }

  /** Puts what was read on in a memory's place, within `beginWrite`; ownership as in `add`. @throws ApiError 404, 413 */
  async replace(id: string, memory: Memory): Promise<StoredMemory> {
    this.checkBytes(memory.stateBytes(), id)
    const before = this.get(id)
    const after = { ...before, memory }
    await this.options.files?.write(after)
    if (this.memories.get(id) !== before) {
      // It was deleted meanwhile.
      this.options.files?.remove(id)
      this.get(id)
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
