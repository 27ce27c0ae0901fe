import { createSystem } from '@ttt-e2e/baselines'
import { bigramStream } from '@ttt-e2e/data'
import { disposeRun, standardOptimizer, standardSchedule, startRun, train } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'

/** Losses of three training steps of a tiny TTT-E2E, the same wherever they are taken. */
export async function trainTiny(engine: string): Promise<number[]> {
  await resolveEngine(engine)
  const system = createSystem('ttt-e2e', {
    vocabularySize: 8,
    hiddenSize: 16,
    heads: 2,
    layers: 2,
    intermediateSize: 32,
    suffixBlocks: 1,
    window: 4,
    chunk: 8,
    innerRate: 1,
    ropeTheta: 10_000,
  })
  const state = startRun(system, 1)
  const data = bigramStream({ vocabularySize: 8, successors: 2, batch: 2, length: 32, seed: 1 })
  const optimizer = standardOptimizer(standardSchedule(3, 1e-2))
  const losses: number[] = []
  for await (const { loss } of train({ system, state, data, optimizer })) losses.push(loss)
  disposeRun(state)
  return losses
}
