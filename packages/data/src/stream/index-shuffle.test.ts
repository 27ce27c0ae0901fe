import { expect, it } from 'vitest'
import { indexShuffle } from './index-shuffle'

const whole = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => indexShuffle(i, count, seed))

// Of Grain 0.2.18.
it.each<[count: number, seed: number, order: number[]]>([
  [1, 7, [0]],
  [2, 1, [1, 0]],
  [5, 1, [1, 2, 3, 0, 4]],
  [8, 12345, [0, 4, 7, 1, 3, 6, 2, 5]],
  [8, 4294967295, [2, 1, 5, 3, 0, 4, 6, 7]],
])('is that of Grain for %i numbers and seed %i', (count, seed, order) => {
  expect(whole(count, seed)).toEqual(order)
})

it.each<[count: number, seed: number, index: number, result: number]>([
  [100_000, 0, 0, 97_360],
  [1_048_576, 3, 1, 320_034],
  [2_147_483_647, 0, 2, 475_689_746],
  [2 ** 32, 5, 1, 2_070_607_202],
  // Where a power of 4 is the last index, it comes where 0 does, in Grain too.
  [65_537, 3, 65_535, 55_727],
  [65_537, 3, 65_536, 41_311],
  [2 ** 18 + 1, 5, 2 ** 18, 199_580],
])('of %i numbers with seed %i, %i becomes %i', (count, seed, index, result) => {
  expect(indexShuffle(index, count, seed)).toBe(result)
})

it('is a permutation of any other count', () => {
  for (const count of [3, 16, 17, 255, 1000, 2049])
    expect(whole(count, count).sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
})
