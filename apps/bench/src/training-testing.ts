import { createSystem } from '@ttt-e2e/baselines'
import { bigramStream, type Batch } from '@ttt-e2e/data'
import '@ttt-e2e/kernels/engines'
import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { engineCommands, readBacks } from '@ttt-e2e/tensor-ops'

const size = {
  vocabularySize: 16,
  hiddenSize: 16,
  heads: 2,
  layers: 2,
  intermediateSize: 32,
  suffixBlocks: 1,
  window: 8,
  chunk: 8,
  innerRate: 1,
  ropeTheta: 10_000,
}

/**
 * Trains a tiny TTT-E2E on bigram languages on the active engine, from the same beginning each time.
 *
 * @param batch languages side by side
 * @param again whether each step takes the same ones
 * @returns the losses, and what the last step gave to a device
 */
export async function trainOnBigrams(steps: number, batch = 1, again = false) {
  const system = createSystem('ttt-e2e', size)
  const state = startRun(system, 0)
  const optimizer = standardOptimizer(standardSchedule(100, 1e-2))
  const losses: number[] = []
  let [submits, reads] = [0, 0]
  let first: Batch | undefined
  for await (const next of bigramStream({ vocabularySize: 16, successors: 2, batch, length: 32, seed: 3 })) {
    first ??= next
    const [before, readBefore] = [engineCommands(), readBacks()]
    losses.push((await trainStep(system, state, again ? first : next, optimizer)).loss)
    submits = (engineCommands()?.submits ?? 0) - (before?.submits ?? 0)
    reads = readBacks() - readBefore
    if (losses.length === steps) break
  }
  disposeRun(state)
  return { losses, submits, reads }
}
