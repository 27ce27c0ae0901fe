import { disposeRun, startRun, trainStep, type Batch, type Recipe } from '@ttt-e2e/meta-outer'
import { engineMemory } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'

/** What a training step takes. */
export interface StepCost {
  seconds: number
  /** Bytes of the whole process at its fullest so far. */
  peak: number
  /** Bytes that the engine has taken from the system. */
  reserved: number
}

/** Takes the second of two training steps on random tokens; the first one warms up. */
export async function probeStep(
  system: System,
  { training, size }: Recipe,
  batch: number,
  length: number,
): Promise<StepCost> {
  const sequences: Batch = {
    tokens: Int32Array.from({ length: batch * (length + 1) }, (_, i) => (i * 7919) % size.vocabularySize),
    mask: new Uint8Array(batch * length).fill(1),
    batch,
    length,
    cursor: null,
  }
  const state = startRun(system, 0, training.trains)
  const { microBatch } = training
  try {
    await trainStep(system, state, sequences, training.optimizer, { microBatch })
    const startedAt = performance.now()
    await trainStep(system, state, sequences, training.optimizer, { microBatch })
    const seconds = (performance.now() - startedAt) / 1000
    return { seconds, peak: process.resourceUsage().maxRSS * 1024, reserved: engineMemory().reserved }
  } finally {
    disposeRun(state)
  }
}
