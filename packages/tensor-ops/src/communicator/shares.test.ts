import { expect, it } from 'vitest'
import { shareOf, sharesOf } from './shares'

it('gives neighbours to neighbours, evenly, whatever the numbers', () => {
  for (let ranks = 1; ranks <= 12; ranks++)
    for (let count = 0; count <= 40; count++) {
      const shares = sharesOf(count, ranks)
      expect(shares).toHaveLength(ranks)
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(2)
      const places = shares.map((_, rank) => shareOf(count, { rank, size: ranks }))
      expect(places.map(({ from, to }) => to - from)).toEqual(shares)
      expect(places.map(({ from }) => from).slice(1)).toEqual(places.map(({ to }) => to).slice(0, -1))
    }
})

it("makes two ranks' shares of one rank's, for powers of two", () => {
  for (let count = 0; count <= 40; count++)
    for (const ranks of [1, 2, 4, 8]) {
      const halves = sharesOf(count, 2 * ranks)
      const joined = Array.from({ length: ranks }, (_, rank) => halves[2 * rank] + halves[2 * rank + 1])
      expect(sharesOf(count, ranks)).toEqual(joined)
    }
})
