import { disposeTree, tf, treeMap, type Tensor } from '@ttt-e2e/tensor-ops'
import type { MlpWeights } from '@ttt-e2e/swa-transformer'
import type { FastWeights } from '@ttt-e2e/ttt-inner'

/** What one chunk computed, on request. `fast` and `gradient` are those of its own inner step. */
export interface ChunkRecord {
  /** After the last norm [B, b, D]. */
  hidden: Tensor
  fast?: FastWeights
  gradient?: FastWeights
}

export interface MetaGradientRecord {
  /** The residual stream after the last whole block of the prefix [B, T, D]. */
  prefixOutput: Tensor
  chunks: ChunkRecord[]
}

/** Collects a record while a batch is walked; owns it until it is taken. */
export function recordOf(prefixBlocks: number) {
  const chunks: ChunkRecord[] = []
  let prefixOutput: Tensor | undefined
  let stages = 0
  return {
    /** Called for the embedding and after each stage of the prefix; `hidden` stays the caller's. */
    onStage(hidden: Tensor): void {
      if (stages++ === prefixBlocks) prefixOutput = tf.clone(hidden)
    },
    /** Takes over what the chunk told; `fast` stays the caller's. */
    onChunk({ hidden, gradient }: { hidden?: Tensor; gradient?: FastWeights }, fast?: FastWeights): void {
      const own = fast && treeMap(fast as MlpWeights[], (weight) => tf.clone(weight))
      chunks.push({ hidden: hidden!, ...(own && { fast: own }), ...(gradient && { gradient }) })
    },
    record: (): MetaGradientRecord => ({ prefixOutput: prefixOutput!, chunks }),
    dispose(): void {
      prefixOutput?.dispose()
      for (const { hidden, fast = [], gradient = [] } of chunks) disposeTree([hidden, fast, gradient])
    },
  }
}
