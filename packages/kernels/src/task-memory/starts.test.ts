import { expect, it } from 'vitest'
import { startsOf } from './starts'

it('keeps all starts while there is room, else every so many-th, no fewer than of √epochs', () => {
  expect(startsOf(9, 10, 4 * 32 * 90)).toEqual({ stride: 1, kept: 9, held: 9 })
  expect(startsOf(9, 10, 32 * 89)).toEqual({ stride: 2, kept: 5, held: 6 })
  expect(startsOf(9, 10, 32)).toEqual({ stride: 3, kept: 3, held: 5 })
  expect(startsOf(0, 10, 32)).toEqual({ stride: 1, kept: 1, held: 1 })
})
