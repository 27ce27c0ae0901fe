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
  const apart = rounded.map((loss, i) => Math.abs(loss - exact[i]))
  expect(Math.max(...apart)).toBeLessThan(0.2)
})
