import { indexRanges, meansByRange } from '@ttt-e2e/training'
import type { ReaderContext } from '../probe'

/** @returns mean nats of each held-out document in each range [documents][ranges] */
export async function measureLoss({ benchmark, heldOutLosses }: ReaderContext): Promise<number[][]> {
  const ranges = indexRanges(benchmark.recipe.evaluation.length)
  return (await heldOutLosses()).map((nats) => meansByRange(nats, ranges))
}
