import { expect, it } from 'vitest'
import { counted } from './counted'

it('says one of a thing as one', () => {
  expect([0, 1, 2].map((n) => counted(n, 'step'))).toEqual(['0 steps', '1 step', '2 steps'])
  expect(
    [1, 1200].map((n) => counted(n, 'memory', { many: 'memories', as: n.toLocaleString('en') })),
  ).toEqual(['1 memory', '1,200 memories'])
})
