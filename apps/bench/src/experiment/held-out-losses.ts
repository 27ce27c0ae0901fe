import { readDocuments, type Params, type System } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../piece-of'
import type { ReaderContext } from '../probes/probe'
import type { Benchmark } from '../tasks/benchmark'

/** Tokens that are read for it. */
export const heldOutTokens = ({ task, recipe }: Benchmark): number =>
  task.heldOut.length * (recipe.evaluation.length + 1)

/**
 * Reads a task's held-out documents as they would be read in use, when it is asked the first time.
 *
 * @returns gives the nats of their targets [documents][length]
 */
export function heldOutLosses(
  { task, recipe, given }: Benchmark,
  system: System,
  params: Params,
  signal: AbortSignal,
): (onProgress: ReaderContext['onProgress']) => Promise<readonly Float32Array[]> {
  let losses: Promise<Float32Array[]> | undefined
  return (onProgress) =>
    (losses ??= readDocuments({
      system,
      params,
      documents: task.heldOut.map(({ tokens }) => tokens),
      piece: pieceOf(recipe.size.window),
      // What a given model remembers may be large, and grow.
      ...(given && { batch: 1 }),
      bosToken: task.bosToken,
      signal,
      onPiece: (done, total) => onProgress(`reads ${total} tokens`, done, total),
    }))
}
