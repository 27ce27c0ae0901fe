import { expect, it } from 'vitest'
import { predictions } from './h100'
import { summariseLatency } from './summarise'

const contexts = [64, 128, 256]
const rows = (of: (context: number) => number) =>
  [1, 1.1, 0.9].map((noise) => contexts.map((c) => noise * of(c)))
const timed = (system: string, of: (context: number) => number) => ({
  system,
  value: { contexts, reading: rows(of), readingCpu: rows(of), decoding: rows(of), stateBytes: contexts },
})

it('fits lines, and finds where they cross and what becomes of them far away', () => {
  const { systems, comparisons } = summariseLatency(
    [
      timed('ttt-e2e', () => 2),
      timed('full-attention', (context) => 1 + context / 128),
      timed('swa', () => 1),
    ],
    {},
  )
  expect(systems['ttt-e2e'].fit).toMatchObject({ constant: 2, c: 0, change: 0 })
  const { a, c, explained, low, high } = systems['full-attention'].fit
  expect([a, 128 * c, explained]).toEqual([1, 1, 1].map((each) => expect.closeTo(each, 6)))
  expect(128 * low!).toBeCloseTo(0.9, 6)
  expect(128 * high!).toBeCloseTo(1.1, 6)
  const [attention, window] = comparisons
  expect(attention.crossover).toBeCloseTo(128, 6)
  expect(attention.ratio).toBeCloseTo(1.5, 6)
  expect(attention.extrapolated[0].ratio).toBeCloseTo((1 + 1024) / 2, 6)
  expect(window).not.toHaveProperty('crossover')
  expect(window.extrapolated).toEqual([])
})

it("counts an H100's time as it was published, within a third", () => {
  const at = (system: string, context: number) =>
    predictions().find((each) => each.size === '3b' && each.system === system && each.context === context)!
      .reading
  const [attention, ours] = ['full-attention', 'ttt-e2e'].map((system) =>
    [8192, 131_072].map((t) => at(system, t)),
  )
  const published = [12, 70, 25, 25]
  for (const [i, predicted] of [...attention, ...ours].entries())
    expect(Math.abs(Math.log(predicted / published[i]))).toBeLessThan(Math.log(4 / 3))
})
