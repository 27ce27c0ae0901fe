import { indexRanges, meansByRange } from '@ttt-e2e/training'
import { readDocuments } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../../piece-of'
import type { Benchmark } from '../../tasks/benchmark'
import type { ReaderContext } from '../probe'

export const tokensRead = ({ task, recipe }: Benchmark): number =>
  task.heldOut.length * (recipe.evaluation.length + 1)

/** @returns mean nats of each held-out document in each range [documents][ranges] */
export async function measureLoss(context: ReaderContext): Promise<number[][]> {
  const { benchmark, system, params, signal, onProgress } = context
  const { task, recipe } = benchmark
  const losses = await readDocuments({
    system,
    params,
    documents: task.heldOut.map(({ tokens }) => tokens),
    piece: pieceOf(recipe.size.window),
    bosToken: task.bosToken,
    signal,
    onPiece: (done, total) => onProgress(`reads ${total} tokens`, done, total),
  })
  const ranges = indexRanges(recipe.evaluation.length)
  return losses.map((nats) => meansByRange(nats, ranges))
}
