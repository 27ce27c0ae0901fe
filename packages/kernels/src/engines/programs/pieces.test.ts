import { expect, it } from 'vitest'
import { Pieces } from './pieces'

it('takes the smallest piece that is free and fits, else a new one', () => {
  const pieces = new Pieces(8)
  expect([pieces.take(32), pieces.take(9), pieces.take(8)]).toEqual([0, 1, 2])
  pieces.give(0)
  pieces.give(1)
  expect(pieces.take(10)).toBe(1)
  expect(pieces.take(10)).toBe(0)
  expect(pieces.take(8)).toBe(3)
  expect(pieces.sizes).toEqual([32, 16, 8, 8])
  expect(pieces.bytes).toBe(64)
})
