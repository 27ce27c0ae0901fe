import { readDocuments, type Params, type System } from '@ttt-e2e/ttt-inner'

export interface HeldOutLoss {
  /** Mean nats of all targets. */
  loss: number
  /** Mean nats by place in the document: the first 64 tokens, then ranges that double. */
  byPlace: { from: number; to: number; loss: number }[]
}

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
  const piece = 4 * (system.rule?.chunk ?? system.lossChunk ?? 256)
  const perDocument = await readDocuments({ system, params, documents, piece, bosToken, signal })
  // By target, summed over the documents.
  const nats = new Float64Array(documents[0].length - 1)
  for (const losses of perDocument) for (let t = 0; t < nats.length; t++) nats[t] += losses[t]
  const mean = (from: number, to: number) =>
    nats.subarray(from, to).reduce((sum, x) => sum + x, 0) / ((to - from) * documents.length)
  const byPlace: HeldOutLoss['byPlace'] = []
  for (let from = 0, to = 64; from < nats.length; from = to, to *= 2)
    byPlace.push({ from, to: Math.min(to, nats.length), loss: mean(from, Math.min(to, nats.length)) })
  return { loss: mean(0, nats.length), byPlace }
}
