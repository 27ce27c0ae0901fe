import { randomBytes } from 'node:crypto'
import type { Memory } from '@ttt-e2e/checkpoint'

/** What a client says of a memory, and where it came from. */
export interface MemoryFacts {
  name: string | null
  /** The memory that it was forked from. */
  parent: string | null
}

export interface StoredMemory extends MemoryFacts {
  id: string
  created: Date
  memory: Memory
}

export const newMemoryId = (): string => `mem_${randomBytes(12).toString('hex')}`
