import { createHash } from 'node:crypto'
import type { DataRecord } from '@ttt-e2e/checkpoint'
import { blocksOf, type AnyCorpus, type AnyDocument } from '@ttt-e2e/data'

/** The record goes into every checkpoint. */
const mostNames = 4096

/** What a document belongs to: its file, or where those are too many the folder below the text's own, or all of it. */
const levels: ((id: string) => string)[] = [
  // A line of a file is a document of its own: `pages.jsonl:12`.
  (id) => id.replace(/:\d+$/, ''),
  (id) => (id.includes('/') ? `${id.slice(0, id.indexOf('/'))}/` : 'files of the folder itself'),
  () => 'all files',
]

/**
 * What tells a corpus from any other, wherever it lies, and what in it differs from another's.
 *
 * @param most names in the record
 */
export function recordCorpus({ documents }: AnyCorpus, most = mostNames): DataRecord {
  const nameOf = levels.find((level) => new Set(documents.map(({ id }) => level(id))).size <= most)!
  const whole = createHash('sha256')
  const files = new Map<string, { hash: ReturnType<typeof createHash>; tokens: number }>()
  for (const { id, tokens } of documents) {
    const content = createHash('sha256')
    for (const { block } of blocksOf(tokens))
      content.update(new Uint8Array(block.buffer, block.byteOffset, block.byteLength))
    const digest = content.digest()
    const name = nameOf(id)
    const file = files.get(name) ?? { hash: createHash('sha256'), tokens: 0 }
    for (const hash of [whole, file.hash]) hash.update(`${tokens.length}:`).update(digest)
    file.tokens += tokens.length
    files.set(name, file)
  }
  return {
    sha256: whole.digest('hex'),
    files: Object.fromEntries(
      [...files].map(([name, { hash, tokens }]) => [name, { sha256: hash.digest('hex'), tokens }]),
    ),
  }
}

/** Tokens that tell one document of a known corpus from another of the same length. */
const tellingTokens = 64

/** Tells a part of a corpus that is known as a whole from its other parts, by the lengths and beginnings of its documents. */
export function recordPart({ documents }: AnyCorpus): string {
  const hash = createHash('sha256')
  for (const { tokens } of documents)
    hash.update(`${tokens.length}:${firstTokens(tokens, tellingTokens).join()};`)
  return hash.digest('hex')
}

export function firstTokens(tokens: AnyDocument['tokens'], most: number): Int32Array {
  const part = tokens.subarray(0, most)
  return Int32Array.from('load' in part ? part.load() : part)
}
