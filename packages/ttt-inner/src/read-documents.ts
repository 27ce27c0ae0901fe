import { Reader } from './reader'
import type { Params, System } from './system'

export interface ReadDocumentsOptions {
  system: System
  params: Params
  /** Documents of one length. */
  documents: readonly Int32Array[]
  /** Tokens that the reader takes at a time. */
  piece: number
  bosToken?: number
  signal?: AbortSignal
  /** Called after each piece with the tokens read of all that are to be read. */
  onPiece?(done: number, total: number): void
}

/** Documents that are read side by side. */
const batchSize = 8

/**
 * Reads documents from their beginning, as they would be read in use: in pieces, learning where the system learns.
 *
 * @returns nats of each document's targets [documents][length − 1]
 * @throws the signal's reason
 */
export async function readDocuments(options: ReadDocumentsOptions): Promise<Float32Array[]> {
  const { system, params, documents, piece, bosToken, signal, onPiece } = options
  const width = documents[0].length
  // The last token is predicted, no more.
  const length = width - 1
  const total = documents.length * length
  const results: Float32Array[] = []
  for (let first = 0; first < documents.length; first += batchSize) {
    const batch = documents.slice(first, first + batchSize)
    const nats = batch.map(() => new Float32Array(width))
    const reader = new Reader(system, params, { batch: batch.length, bosToken })
    try {
      for (let start = 0; start < length; start += piece) {
        const end = Math.min(start + piece, length)
        const read = reader.read(sideBySide(batch, start, end), sideBySide(batch, end, end + 1))
        const known = end + 1 - start
        nats.forEach((row, b) => row.set(read.subarray(b * known, (b + 1) * known), start))
        onPiece?.(first * length + batch.length * end, total)
        // Lets a Ctrl-C through.
        await new Promise((resolve) => setImmediate(resolve))
        signal?.throwIfAborted()
      }
    } finally {
      reader.dispose()
    }
    // Nothing predicts the first token.
    results.push(...nats.map((row) => row.subarray(1)))
  }
  return results
}

/** Columns [start, end) of equally long rows, row-major. */
function sideBySide(rows: readonly Int32Array[], start: number, end: number): Int32Array {
  const columns = new Int32Array(rows.length * (end - start))
  rows.forEach((row, b) => columns.set(row.subarray(start, end), b * (end - start)))
  return columns
}
