import { readDocuments, type Params, type ReadDocumentsOptions, type System } from '@ttt-e2e/ttt-inner'
import { indexRanges, type IndexRange } from './index-ranges'

export interface HeldOutLoss {
  /** Mean nats of all targets. */
  loss: number
  /** Mean nats by place in the document: the first 64 tokens, then ranges that double. */
  byPlace: (IndexRange & { loss: number })[]
}

/**
 * Reads held-out documents from their beginning as they would be read in use, learning where the system learns. Several
 * ranks share them out and get the same result.
 *
 * @param documents of one length
 * @throws the signal's reason
 */
export async function evaluate(
  system: System,
  params: Params,
  documents: readonly Int32Array[],
  options: Pick<ReadDocumentsOptions, 'bosToken' | 'signal' | 'communicator'> = {},
): Promise<HeldOutLoss> {
  const piece = 4 * (system.rule?.chunk ?? system.lossChunk ?? 256)
  const perDocument = await readDocuments({ system, params, documents, piece, ...options })
  // By target, summed over the documents.
  const nats = new Float64Array(documents[0].length - 1)
  for (const losses of perDocument) for (let t = 0; t < nats.length; t++) nats[t] += losses[t]
  const mean = ({ from, to }: IndexRange) =>
    nats.subarray(from, to).reduce((sum, x) => sum + x, 0) / ((to - from) * documents.length)
  return {
    loss: mean({ from: 0, to: nats.length }),
    byPlace: indexRanges(nats.length).map((range) => ({ ...range, loss: mean(range) })),
  }
}
