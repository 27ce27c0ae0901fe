import { expect, it } from 'vitest'
import { binMeans } from './bin-means'

it('gives the mean of every bin, the last of what is left', () => {
  expect(binMeans([1, 3, 5, 7, 9], 10, 2)).toEqual([
    { end: 2, mean: 2 },
    { end: 4, mean: 6 },
    { end: 5, mean: 9 },
  ])
})

it('makes bins larger where there would be too many', () => {
  expect(binMeans([1, 2, 3, 4, 5, 6, 7], 2, 1).map(({ end }) => end)).toEqual([4, 7])
})

it('leaves out what is no number', () => {
  expect(binMeans([NaN, 2, NaN, NaN], 2, 1)).toEqual([{ end: 2, mean: 2 }])
})
