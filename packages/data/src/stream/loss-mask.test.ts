import { expect, test } from 'vitest'
import { lossMask } from './loss-mask'

test('a target that is BOS does not count; BOS as input does', () => {
  expect([...lossMask([256, 5, 6, 256, 7], 256)]).toEqual([1, 1, 0, 1])
})

test('without BOS every target counts', () => {
  expect([...lossMask([1, 2, 3])]).toEqual([1, 1])
  expect(lossMask([])).toHaveLength(0)
})
