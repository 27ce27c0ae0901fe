import { createRandom } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { pairedDifference } from './statistics'

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
