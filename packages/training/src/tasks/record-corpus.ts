import { createHash } from 'node:crypto'
import type { DataRecord } from '@ttt-e2e/checkpoint'
import type { Corpus } from '@ttt-e2e/data'

/** What tells a corpus from any other, wherever it lies, and which of its files differ from another's. */
export function recordCorpus({ documents }: Corpus): DataRecord {
  const whole = createHash('sha256')
  const files = new Map<string, { hash: ReturnType<typeof createHash>; tokens: number }>()
  for (const { id, tokens } of documents) {
    const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength)
    const digest = createHash('sha256').update(bytes).digest()
    whole.update(`${tokens.length}:`).update(digest)
    const name = fileOf(id)
    const file = files.get(name) ?? { hash: createHash('sha256'), tokens: 0 }
    file.hash.update(`${tokens.length}:`).update(digest)
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

/** A line of a file is a document of its own: `pages.jsonl:12`. */
const fileOf = (id: string) => id.replace(/:\d+$/, '')
