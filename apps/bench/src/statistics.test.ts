import { createRandom } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { median, pairedDifference, slopeOfMedians, wilson } from './statistics'

const constant = (length: number, value: number) => Array.from({ length }, () => value)

describe('pairedDifference', () => {
  it('pairs documents: what they share does not widen the interval', () => {
    const documents = Array.from({ length: 40 }, (_, i) => i)
    const { mean, low, high, pairs } = pairedDifference([documents.map((d) => d - 0.1)], [documents])
    expect(pairs).toBe(40)
    for (const value of [mean, low, high]) expect(value).toBeCloseTo(-0.1, 10)
  })

  it('covers the true mean about as often as it says', () => {
    const random = createRandom(3)
    let covered = 0
    for (let trial = 0; trial < 60; trial++) {
      const a = [Array.from({ length: 30 }, () => 0.5 + random.normal())]
      const { low, high } = pairedDifference(a, [constant(30, 0)])
      if (low! <= 0.5 && high! >= 0.5) covered++
    }
    expect(covered).toBeGreaterThanOrEqual(50)
  })

  it('is wider where seeds disagree', () => {
    const { low, high } = pairedDifference(
      [constant(20, 1), constant(20, -1)],
      [constant(20, 0), constant(20, 0)],
    )
    expect(low).toBe(-1)
    expect(high).toBe(1)
  })

  it('gives no interval for one document', () => {
    expect(pairedDifference([[1]], [[2]])).toEqual({ mean: -1, pairs: 1 })
  })
})

it('finds the value in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5])
})

describe('slopeOfMedians', () => {
  const x = [1, 2, 4, 8]

  it('finds a slope, whatever one bad round says', () => {
    const line = x.map((value) => 5 + 3 * value)
    const { slope, low } = slopeOfMedians(x, [line, line, x.map((value) => 1000 / value)])
    expect(slope).toBeCloseTo(3)
    expect(low).toBeLessThan(3)
    expect(slopeOfMedians(x, [line])).toEqual({
      slope: expect.closeTo(3),
      explained: expect.closeTo(1),
    })
  })

  it("says what share of the medians' variance a straight line explains", () => {
    const explained = (y: number[]) => slopeOfMedians(x, [y, y, y.map((value) => value + 100)]).explained
    expect(explained(x.map((value) => 5 - 3 * value))).toBeCloseTo(1)
    expect(explained([7, 7, 7, 7])).toBe(1)
    // Medians 0, 1, 1, 0 against 1, 2, 4, 8: covariance −1.5, variances 28.75 and 1.
    expect(explained([0, 1, 1, 0])).toBeCloseTo(1.5 ** 2 / 28.75)
  })

  it('covers the true slope about as often as it says', () => {
    const random = createRandom(4)
    let covered = 0
    for (let trial = 0; trial < 20; trial++) {
      const rounds = Array.from({ length: 15 }, () => x.map(() => random.normal()))
      const { low, high } = slopeOfMedians(x, rounds)
      if (low! <= 0 && high! >= 0) covered++
    }
    expect(covered).toBeGreaterThanOrEqual(16)
  })
})

describe('wilson', () => {
  it.each([
    [0, 10, 0, 0.2775],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
  ])('%i of %i', (successes, tries, low, high) => {
    const interval = wilson(successes, tries)
    expect(interval.mean).toBe(successes / tries)
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })
})
