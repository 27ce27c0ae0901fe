import { expect, it } from 'vitest'
import { carriesOf, strideWithin } from './carried'

it('carries all where they fit, and every n-th where they do not', () => {
  expect(strideWithin(8, 8)).toBe(1)
  expect([strideWithin(8, 7), carriesOf(8, 2)]).toEqual([2, 5])
  expect(strideWithin(0, 1)).toBe(1)
})

it.each([4, 16, 64, 256])('needs no more than 2 √K carries of %i chunks', (chunks) => {
  const stride = strideWithin(chunks, 0)
  expect(stride).toBe(Math.sqrt(chunks))
  expect(carriesOf(chunks, stride)).toBe(2 * Math.sqrt(chunks) - 1)
})
