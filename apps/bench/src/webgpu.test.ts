import { createSystem } from '@ttt-e2e/baselines'
import { bigramStream } from '@ttt-e2e/data'
import '@ttt-e2e/kernels/engines'
import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { engineCommands, liveTensors, readBacks, resolveEngine, usePrograms } from '@ttt-e2e/tensor-ops'
import { afterAll, expect, it } from 'vitest'

afterAll(() => resolveEngine('cpu'))
afterAll(() => usePrograms(true))

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
const steps = 6

/** Losses of training steps on bigram languages, the same ones each time, and what the last step gave to a device. */
async function train(engine: string, programs = true) {
  usePrograms(programs)
  await resolveEngine(engine)
  const system = createSystem('ttt-e2e', size)
  const state = startRun(system, 0)
  const optimizer = standardOptimizer(standardSchedule(100, 1e-2))
  const losses: number[] = []
  let [submits, reads] = [0, 0]
  for await (const batch of bigramStream({
    vocabularySize: 16,
    successors: 2,
    batch: 1,
    length: 32,
    seed: 3,
  })) {
    const [before, readBefore] = [engineCommands(), readBacks()]
    losses.push((await trainStep(system, state, batch, optimizer)).loss)
    submits = (engineCommands()?.submits ?? 0) - (before?.submits ?? 0)
    reads = readBacks() - readBefore
    if (losses.length === steps) break
  }
  disposeRun(state)
  return { losses, submits, reads }
}

it('TTT-E2E trains on webgpu as on wasm, within three submits a chunk and one read-back a step, with programs as without', async ({
  skip,
}) => {
  const refused = await resolveEngine('webgpu').then(
    () => '',
    (error: Error) => error.message,
  )
  if (refused && !process.env.CI) skip(refused)
  const expected = await train('wasm')
  const before = liveTensors()
  const actual = await train('webgpu')
  expect(liveTensors()).toBe(before)
  actual.losses.forEach((loss, i) => expect(Math.abs(loss - expected.losses[i])).toBeLessThan(1e-5))
  const chunks = 4
  expect(actual.submits).toBeLessThanOrEqual(3 * chunks)
  expect(actual.reads).toBe(1)
  expect((await train('webgpu', false)).losses).toEqual(actual.losses)
})
