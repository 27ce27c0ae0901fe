import { expect, test } from 'vitest'
import { DataError } from '../data-error'
import { stackReach } from './stack-reach'

test('counts the tokens that a stack of windows sees', () => {
  expect(stackReach(1, 16)).toBe(16)
  expect(stackReach(4, 16)).toBe(61)
  expect(stackReach(12, 1)).toBe(1)
  expect(() => stackReach(4, 0)).toThrow(DataError)
})
