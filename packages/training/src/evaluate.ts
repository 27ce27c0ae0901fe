import { alone, shareOf, sharesOf, type Communicator } from '@ttt-e2e/tensor-ops'
import { readDocuments, type Params, type System } from '@ttt-e2e/ttt-inner'
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
  {
    bosToken,
    signal,
    communicator = alone,
  }: { bosToken?: number; signal?: AbortSignal; communicator?: Communicator } = {},
): Promise<HeldOutLoss> {
  const piece = 4 * (system.rule?.chunk ?? system.lossChunk ?? 256)
  // Ranks without a document of their own would wait for those that stop in one.
  signal?.throwIfAborted()
  const length = documents[0].length - 1
  const { from, to } = shareOf(documents.length, communicator)
  const own = documents.slice(from, to)
  const read =
    own.length === 0 ? [] : await readDocuments({ system, params, documents: own, piece, bosToken, signal })
  const flat = new Float32Array(own.length * length)
  read.forEach((losses, i) => flat.set(losses, i * length))
  const counts = sharesOf(documents.length, communicator.size).map((share) => share * length)
  const losses = await communicator.allGather(flat, counts)
  // By target, summed over the documents.
  const nats = new Float64Array(length)
  for (let i = 0; i < losses.length; i++) nats[i % length] += losses[i]
  const mean = ({ from, to }: IndexRange) =>
    nats.subarray(from, to).reduce((sum, x) => sum + x, 0) / ((to - from) * documents.length)
  return {
    loss: mean({ from: 0, to: nats.length }),
    byPlace: indexRanges(nats.length).map((range) => ({ ...range, loss: mean(range) })),
  }
}
