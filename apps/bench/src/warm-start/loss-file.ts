import { latestCheckpoint } from '@ttt-e2e/checkpoint'
import type { Progress } from '@ttt-e2e/cli'
import type { Document } from '@ttt-e2e/data'
import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { meansByRange, type IndexRange } from '@ttt-e2e/training'
import { readDocuments } from '@ttt-e2e/ttt-inner'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { openReader, type BookReader, type Reading } from './readers'

/** Tokens that a reader takes at a time. */
const piece = 512

export interface ReadingOptions {
  signal: AbortSignal
  progress: Progress
  bosToken?: number
}

/** Losses that were measured, in a file: what was read once isn't read again. */
export class LossFile {
  private readonly known: Record<string, number[]>

  constructor(
    private readonly path: string,
    readonly ranges: readonly IndexRange[],
  ) {
    this.known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, number[]>) : {}
  }

  /** A reader's losses of some documents, each read from its beginning. @throws the signal's reason */
  async of(
    reader: BookReader,
    documents: readonly Document<Int32Array>[],
    { signal, progress, bosToken }: ReadingOptions,
  ): Promise<Reading> {
    const weights = statSync(reader.from).isFile() ? reader.from : latestCheckpoint(reader.from)?.path
    const keyOf = ({ id, tokens }: Document<Int32Array>) =>
      [reader.name, weights ?? reader.from, id, tokens.length].join(' · ')
    const missing = documents.filter((document) => this.known[keyOf(document)] === undefined)
    const open = missing.length > 0 ? await openReader(reader) : undefined
    try {
      for (const [i, document] of missing.entries()) {
        // One at a time: the cache of full attention is large.
        const [nats] = await readDocuments({
          ...open!,
          documents: [document.tokens],
          piece,
          bosToken,
          signal,
          onPiece: (done, total) =>
            progress.update(
              `${reader.name} · document ${i + 1} of ${missing.length} · ${Math.round((100 * done) / total)} %`,
            ),
        })
        this.known[keyOf(document)] = meansByRange(nats, this.rangesOf(document))
        writeFileDurably(this.path, `${JSON.stringify(this.known, null, 1)}\n`)
      }
    } finally {
      open?.dispose()
    }
    return { name: reader.name, losses: documents.map((document) => this.known[keyOf(document)]) }
  }

  /** Those that a document reaches. */
  private rangesOf({ tokens }: Document<Int32Array>): IndexRange[] {
    return this.ranges.filter(({ to }) => to < tokens.length)
  }
}
