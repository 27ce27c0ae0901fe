import { expect, it } from 'vitest'
import { shareOut } from './share-out'

it.each([
  [{ threads: 2 }, 8, { workers: 2, threads: 1 }],
  [{ threads: 16 }, 4, { workers: 4, threads: 4 }],
  [{ threads: 16, workers: 3 }, 4, { workers: 3, threads: 5 }],
  [{ threads: 4, workers: 1 }, 8, { workers: 1, threads: 4 }],
  [{ threads: 1 }, 8, { workers: 1, threads: 1 }],
])('shares %o out between %i runs', (asked, runs, shares) => {
  expect(shareOut(runs, asked, 64 * 2 ** 30)).toEqual(shares)
})

it('starts no more workers than memory holds, unless they are asked for', () => {
  const free = 6 * 2 ** 30
  expect(shareOut(8, { threads: 8 }, free)).toEqual({ workers: 2, threads: 4 })
  expect(shareOut(8, { threads: 8 }, 2 ** 29)).toEqual({ workers: 1, threads: 8 })
  expect(shareOut(8, { threads: 8, workers: 4 }, free)).toEqual({ workers: 4, threads: 2 })
})
