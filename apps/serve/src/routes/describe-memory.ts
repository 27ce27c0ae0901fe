import type { MemoryRecord } from '../memories/memory-record'
import type { Service } from '../service'
import type { MemoryAnswer } from './schemas'

/** A memory as clients see it. */
export const describeMemory = ({ id: model }: Service, record: MemoryRecord): MemoryAnswer => ({
  id: record.id,
  object: 'memory',
  name: record.name,
  model,
  model_hash: record.modelHash,
  parent: record.parent,
  created: secondsOf(record.created),
  tokens: record.tokens,
  steps: record.steps,
  bytes: record.bytes,
  version: record.version,
  pinned: record.pinned,
  read_only: record.readOnly,
  expires: record.expires === null ? null : secondsOf(record.expires),
  last_used: secondsOf(record.used),
})

const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1000)
