import { expect, it } from 'vitest'
import { shareOut } from './share-out'

it.each([
  [{ threads: 2 }, 8, { workers: 2, threads: 1 }],
  [{ threads: 16 }, 4, { workers: 4, threads: 4 }],
  [{ threads: 16, workers: 3 }, 4, { workers: 3, threads: 5 }],
  [{ threads: 4, workers: 1 }, 8, { workers: 1, threads: 4 }],
  [{ threads: 1 }, 8, { workers: 1, threads: 1 }],
])('shares %o out between %i runs', (asked, runs, shares) => {
  expect(shareOut(runs, asked)).toEqual(shares)
})
