import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { fuzz } from '@ttt-e2e/tensor-ops/testing'
import { beforeAll, expect, it } from 'vitest'
import { fuzzTargets } from '../testing/fuzz-targets'

beforeAll(() => resolveEngine('cpu').then(() => {}))

// `npm run fuzz` opens many more.
it.each(Object.keys(fuzzTargets))('no mutation of a %s is more than refused', async (name) => {
  const count = 400
  const { faults, refused } = await fuzz(await fuzzTargets[name](), { count, seed: 11 })
  expect(faults).toEqual([])
  expect(refused).toBeGreaterThan(count / 4)
})
