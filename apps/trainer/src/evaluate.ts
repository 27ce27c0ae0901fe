import { Reader, type Params, type System } from '@ttt-e2e/ttt-inner'

export interface HeldOutLoss {
  /** Mean nats of all targets. */
  loss: number
  /** Mean nats by place in the document: the first 64 tokens, then ranges that double. */
  byPlace: { from: number; to: number; loss: number }[]
}

/** Documents that are read side by side. */
const together = 8

/**
 * Reads held-out documents from their beginning as they would be read in use, learning where the system learns.
 *
 * @param documents of one length
 * @throws the signal's reason
 */
export async function evaluate(
  system: System,
  params: Params,
  documents: readonly Int32Array[],
  { bosToken, signal }: { bosToken?: number; signal?: AbortSignal } = {},
): Promise<HeldOutLoss> {
  const width = documents[0].length
  // By target, summed over the documents.
  const nats = new Float64Array(width - 1)
  const piece = 4 * (system.rule?.chunk ?? system.lossChunk ?? 256)
  for (let first = 0; first < documents.length; first += together) {
    const rows = documents.slice(first, first + together)
    const reader = new Reader(system, params, { batch: rows.length, bosToken })
    try {
      for (let start = 0; start < width; start += piece) {
        await new Promise((resolve) => setImmediate(resolve))
        signal?.throwIfAborted()
        const end = Math.min(start + piece, width)
        const losses = reader.read(sideBySide(rows, start, end))
        for (let b = 0; b < rows.length; b++)
          for (let t = Math.max(1, start); t < end; t++) nats[t - 1] += losses[b * (end - start) + t - start]
      }
    } finally {
      reader.dispose()
    }
  }
  const mean = (from: number, to: number) =>
    nats.subarray(from, to).reduce((sum, x) => sum + x, 0) / ((to - from) * documents.length)
  const byPlace: HeldOutLoss['byPlace'] = []
  for (let from = 0, to = 64; from < nats.length; from = to, to *= 2)
    byPlace.push({ from, to: Math.min(to, nats.length), loss: mean(from, Math.min(to, nats.length)) })
  return { loss: mean(0, nats.length), byPlace }
}

/** Columns [start, end) of equally long rows, row-major. */
function sideBySide(rows: readonly Int32Array[], start: number, end: number): Int32Array {
  const columns = new Int32Array(rows.length * (end - start))
  rows.forEach((row, b) => columns.set(row.subarray(start, end), b * (end - start)))
  return columns
}
