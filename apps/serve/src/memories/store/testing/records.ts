import { emptyTrace, newMemoryId, type MemoryRecord } from '../../memory-record'

let made = 0

/** A record of a memory, each younger than the one before. */
export const recordOf = (change: Partial<MemoryRecord> = {}): MemoryRecord => ({
  id: newMemoryId(),
  version: 1,
  written: 1,
  tenant: 'ann',
  name: 'sea',
  parent: null,
  created: new Date(made++).toISOString(),
  used: '2026-01-01T00:00:00.000Z',
  modelHash: 'f'.repeat(64),
  tokens: 3,
  steps: 0,
  bytes: 100,
  stored: 4,
  pinned: false,
  readOnly: false,
  expires: null,
  ...emptyTrace,
  ...change,
})
