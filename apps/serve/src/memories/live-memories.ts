import type { Memory } from '@ttt-e2e/checkpoint'
import type { MemoryRecord } from './memory-record'

interface Live {
  /** The version that it is of, as in `MemoryRecord.written`. */
  written: number
  memory: Memory
  bytes: number
}

/** The memories whose tensors are at hand; where there are too many, the one used least recently goes. */
export class LiveMemories {
  /** The one used last stands last. */
  private readonly memories = new Map<string, Live>()
  private bytes = 0

  /** @param maxBytes what all may have together; the last one stays whatever it has */
  constructor(private readonly maxBytes: number) {}

  /** @returns a fork of the memory, the caller's; nothing where it isn't at hand */
  fork({ id, written }: MemoryRecord): Memory | undefined {
    const found = this.memories.get(id)
    if (found?.written !== written) return undefined
    this.memories.delete(id)
    this.memories.set(id, found)
    return found.memory.fork()
  }

  /** Owns the memory from here on. */
  keep({ id, written }: MemoryRecord, memory: Memory): void {
    this.drop(id)
    const bytes = memory.stateBytes()
    this.memories.set(id, { written, memory, bytes })
    this.bytes += bytes
    for (const each of this.memories.keys()) if (each !== id && this.bytes > this.maxBytes) this.drop(each)
  }

  drop(id: string): void {
    const found = this.memories.get(id)
    if (!found) return
    this.memories.delete(id)
    this.bytes -= found.bytes
    found.memory.dispose()
  }

  dispose(): void {
    for (const id of this.memories.keys()) this.drop(id)
  }
}
