import { pause } from '@ttt-e2e/tensor-ops'
import { Reader } from './reader'
import type { Params, System } from './system'
import { TokenBlock } from './token-block'

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
        const { tokens } = TokenBlock.ofRows(batch, start, end)
        const read = await reader.read(tokens, { next: TokenBlock.ofRows(batch, end, end + 1).tokens })
        const known = end + 1 - start
        nats.forEach((row, b) => row.set(read.subarray(b * known, (b + 1) * known), start))
        onPiece?.(first * length + batch.length * end, total)
        // Lets a Ctrl-C through.
        await pause()
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
