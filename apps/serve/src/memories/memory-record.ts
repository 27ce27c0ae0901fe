import { randomBytes } from 'node:crypto'
import { z } from 'zod'

const count = z.int().min(0)
const time = z.iso.datetime()

const sourceSchema = z.strictObject({
  kind: z.enum(['text', 'completion', 'import']),
  /** Of the text in UTF-8 (of a completion, its prompt), or of the imported file. */
  sha256: z.string(),
  tokens: count,
  /** Whether it was learned from: of a completion its prompt, of an import always. */
  learn: z.boolean().default(true),
  at: time,
})

const passageSchema = z.strictObject({
  /** Tokens of the memory that were read before it. */
  from: count,
  tokens: count,
  /** Mean nats per token; null where nothing was predicted. */
  loss: z.number().nullable(),
  /** How far the fast weights went: the L2 norm of their change. */
  moved: z.number(),
  text: z.string(),
})

/** Everything that is known of a memory without its tensors. What changes has another version. */
export const memoryRecordSchema = z.strictObject({
  id: z.string(),
  /** 1 for a new memory, one more for each change. */
  version: z.int().min(1),
  /** The version that its file is of: settings change without it. */
  written: z.int().min(1),
  tenant: z.string(),
  name: z.string().nullable(),
  /** The memory that it was forked from. */
  parent: z.string().nullable(),
  created: time,
  /** When it was last used, to the minute; no other version because of it. */
  used: time,
  /** Of the weights: no other model can go on from it. */
  modelHash: z.string(),
  tokens: count,
  steps: count,
  /** Of its tensors. */
  bytes: count,
  /** Of its file; 0 where there is none. */
  stored: count,
  /** Never made room of. */
  pinned: z.boolean(),
  readOnly: z.boolean(),
  /** From then on it is as if it never was. */
  expires: time.nullable(),
  /** What was read, oldest first. */
  sources: z.array(sourceSchema),
  /** Tokens before a stretch of text, its tokens, and their mean nats; oldest first. */
  losses: z.array(z.tuple([count, count, z.number()])),
  /** Those that moved the weights most, in the order in which they were read. */
  passages: z.array(passageSchema),
})

export type MemoryRecord = z.infer<typeof memoryRecordSchema>
export type Source = z.infer<typeof sourceSchema>
export type Passage = z.infer<typeof passageSchema>

/** What a client decides of a memory. */
export type MemorySettings = Pick<MemoryRecord, 'name' | 'pinned' | 'readOnly' | 'expires'>

/** What reading has left to tell: where it came from and how it went. */
export type ReadingTrace = Pick<MemoryRecord, 'sources' | 'losses' | 'passages'>

export const emptyTrace: ReadingTrace = { sources: [], losses: [], passages: [] }

export const newMemoryId = (): string => `mem_${randomBytes(12).toString('hex')}`
