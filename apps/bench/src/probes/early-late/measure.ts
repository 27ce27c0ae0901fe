import { meansByRange } from '@ttt-e2e/training'
import type { ReaderContext } from '../probe'
import { partsOf } from './parts'

/** @returns mean nats of each held-out document in each part [documents][parts] */
export async function measureParts({ benchmark, heldOutLosses }: ReaderContext): Promise<number[][]> {
  const parts = partsOf(benchmark.recipe)
  return (await heldOutLosses()).map((nats) => meansByRange(nats, parts))
}
