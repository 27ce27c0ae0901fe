import '@ttt-e2e/kernels/engines'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { afterAll, expect, it } from 'vitest'
import { trainOnBigrams } from './training-testing'

afterAll(() => resolveEngine('cpu'))

it('TTT-E2E learns in f16 as it does in f32', async ({ skip }) => {
  const refused = await resolveEngine('auto', { precision: 'f16' }).then(
    ({ name }) => void expect(name).toBe('webgpu'),
    (error: Error) => error.message,
  )
  if (refused && !process.env.CI) skip(refused)
  const rounded = (await trainOnBigrams(40, 2, true)).losses
  await resolveEngine('wasm')
  const exact = (await trainOnBigrams(40, 2, true)).losses
  expect(rounded).not.toEqual(exact)
  expect(exact.at(-1)).toBeLessThan(exact[0] / 2)
  expect(rounded.at(-1)).toBeLessThan(rounded[0] / 2)
  // Later steps go apart as any two runs do that were rounded in other ways.
  for (let i = 0; i < 5; i++) expect(Math.abs(rounded[i] - exact[i]), `step ${i}`).toBeLessThan(2e-3)
  const late = (losses: number[]) => losses.slice(-10).reduce((sum, loss) => sum + loss / 10, 0)
  expect(Math.abs(late(rounded) - late(exact))).toBeLessThan(0.1)
})
