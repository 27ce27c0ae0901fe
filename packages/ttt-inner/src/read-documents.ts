import { alone, pause, shareOf, sharesOf, type Communicator } from '@ttt-e2e/tensor-ops'
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
  /** Documents that are read side by side; 8 where left out. */
  batch?: number
  bosToken?: number
  signal?: AbortSignal
  /** Ranks that share the documents out and get the losses of all; this process alone where left out. */
  communicator?: Communicator
  /** Called after each piece with the tokens read of all that this process is to read. */
  onPiece?(done: number, total: number): void
}

/**
 * Reads documents from their beginning, as they would be read in use: in pieces, learning where the system learns.
 *
 * @returns nats of each document's targets [documents][length − 1]
 * @throws the signal's reason; of several ranks only before anything is read
 */
export async function readDocuments(options: ReadDocumentsOptions): Promise<Float32Array[]> {
  const { documents, signal, communicator = alone } = options
  if (communicator.size === 1) return await readOwn(options)
  // One that is stopped among its documents would leave the others waiting: a signal of ranks is heeded here alone.
  signal?.throwIfAborted()
  const { from, to } = shareOf(documents.length, communicator)
  const own = await readOwn({ ...options, signal: undefined, documents: documents.slice(from, to) })
  const length = documents[0].length - 1
  const flat = new Float32Array(own.length * length)
  own.forEach((losses, i) => flat.set(losses, i * length))
  const counts = sharesOf(documents.length, communicator.size).map((share) => share * length)
  const all = await communicator.allGather(flat, counts)
  return documents.map((_, i) => all.subarray(i * length, (i + 1) * length))
}

async function readOwn(options: ReadDocumentsOptions): Promise<Float32Array[]> {
  const { system, params, documents, piece, batch: batchSize = 8, bosToken, signal, onPiece } = options
  if (documents.length === 0) return []
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
