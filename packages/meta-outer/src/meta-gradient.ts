import { disposeTree, read, type Batch } from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import { lossesOf, type Losses } from './losses'
import type { MetaGradientRecord } from './record'
import { sequencesOf } from './sequences'
import { walkBatch, type WalkOptions } from './walk-batch'

export type MetaGradientOptions = WalkOptions

export interface MetaGradient extends Losses {
  /**
   * With respect to all parameters, of their form: means over `chunks`, as the loss. The caller owns them. Where only some
   * are asked for, see `MetaGradientOptions.trained`, the others are absent.
   */
  gradients: Params
  /** Only if asked for; the caller owns its tensors. */
  record?: MetaGradientRecord
}

/**
 * The gradient of the loss that a reader has who learns from each chunk after predicting it, with respect to all
 * parameters: through every inner step, its clip and the carried caches (paper §2.3, gradients of gradients). Exact.
 * For a system without a rule it is the ordinary gradient. Documents in one row know nothing of each other.
 *
 * Prefix stages and chunks are steps of two scans, each a vjp of its own pulled back by hand, so that memory is that of
 * what they carry and of one tape, or of as many as fit.
 */
export async function metaGradient(
  system: System,
  params: Params,
  batch: Batch,
  options: MetaGradientOptions = {},
): Promise<MetaGradient> {
  if (options.record && (batch.documentStarts || options.microBatch !== undefined))
    throw new Error("a batch with documents in its rows, or in parts, can't be recorded")
  const sequences = sequencesOf(system, batch, options.microBatch)
  const { told, ...walked } = await walkBatch(system, params, sequences, options)
  try {
    return {
      ...lossesOf(system, batch, sequences, await read(told)),
      ...walked,
      gradients: walked.gradients as Params,
    }
  } finally {
    disposeTree(told)
  }
}
