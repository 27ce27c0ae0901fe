import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import type { MemoryRecord } from '../memory-record'

/** How much a store holds. */
export interface StoreUsage {
  count: number
  /** Of the memories' tensors. */
  bytes: number
  /** Of their files. */
  stored: number
}

/**
 * Where memories are kept: records, and beside each one the file of its tensors. Whatever a promise of a change has said
 * is there after a crash, and a change that a crash interrupts has not been: no reader ever sees a half.
 */
export interface MemoryStore {
  /** For people: the store and where it is. */
  readonly name: string
  /** Whether it keeps files; one that doesn't knows records only. */
  readonly keepsContent: boolean
  get(id: string): Promise<MemoryRecord | undefined>
  /** The records of a tenant, or of all; oldest first. */
  list(tenant?: string): Promise<MemoryRecord[]>
  /** The file of what `record.written` says; nothing where another one has taken its place. */
  content(record: MemoryRecord): Promise<Uint8Array | undefined>
  /**
   * Puts a version in the place of the one before it (`record.version - 1`; none for 1).
   *
   * @param content the file, where `record.written` is this version; that of the version before stays where left out
   * @throws VersionConflict if that isn't what is there
   */
  put(record: MemoryRecord, content?: Uint8Array): Promise<void>
  /** @returns whether it was there */
  delete(id: string): Promise<boolean>
  /** Remembers when a memory was used; that makes no version. */
  touch(id: string, used: string): Promise<void>
  usage(tenant?: string): Promise<StoreUsage>
  close(): Promise<void>
}

/** What was to be replaced is not there any more, or something else is. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict'

  constructor(readonly id: string) {
    super(`another version of ${id} is there`)
  }
}

/** A store that can't be reached or that refuses, in a sentence. Where it keeps memories is its server's own business. */
export class StoreError extends UserError {
  override readonly name = 'StoreError'
  override readonly code = 'store_error'

  /** @param isDamage whether what it holds isn't sound, so that waiting doesn't help */
  constructor(
    message: string,
    readonly isDamage = false,
  ) {
    super(message)
  }
}

export const oldestFirst = (records: MemoryRecord[]): MemoryRecord[] =>
  records.toSorted((a, b) => (a.created < b.created ? -1 : Number(a.created > b.created)))

export const usageOf = (records: readonly MemoryRecord[]): StoreUsage => ({
  count: records.length,
  bytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
  stored: records.reduce((sum, { stored }) => sum + stored, 0),
})
