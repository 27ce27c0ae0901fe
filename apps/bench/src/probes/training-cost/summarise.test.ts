import { expect, it } from 'vitest'
import { summariseCost } from './summarise'

const timed = (system: string, secondsPer1000: number[][]) => ({
  system,
  value: { contexts: [64, 256], secondsPer1000 },
})

it('sets each step against the one of full attention beside it', () => {
  const { secondsPer1000, ratio } = summariseCost([
    timed('ttt-e2e', [
      [3, 3],
      [6, 4],
      [3, 5],
    ]),
    timed('full-attention', [
      [1, 3],
      [2, 8],
      [1, 5],
    ]),
  ])
  expect(secondsPer1000['full-attention']).toEqual([1, 5])
  expect(ratio).toEqual({
    'ttt-e2e': [
      { median: 3, least: 3, most: 3 },
      { median: 1, least: 0.5, most: 1 },
    ],
  })
})
