import '@ttt-e2e/kernels/engines'
import { liveTensors, resolveEngine, usePrograms } from '@ttt-e2e/tensor-ops'
import { afterAll, expect, it } from 'vitest'
import { trainOnBigrams } from './training-testing'

afterAll(() => resolveEngine('cpu'))
afterAll(() => usePrograms(true))

async function train(engine: string, programs = true) {
  usePrograms(programs)
  await resolveEngine(engine)
  return trainOnBigrams(6)
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
