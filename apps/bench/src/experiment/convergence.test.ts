import { describe, expect, it } from 'vitest'
import { judgeConvergence } from './convergence'

const curve = (of: (share: number) => number) => Array.from({ length: 200 }, (_, i) => of(i / 200))

describe('judgeConvergence', () => {
  it('says that a falling curve has not converged', () => {
    expect(judgeConvergence(curve((at) => 3 - at)).converged).toBe(false)
  })

  it('says that a flat curve has', () => {
    expect(judgeConvergence(curve((at) => 1 + Math.exp(-20 * at))).converged).toBe(true)
  })

  it('is not deceived by a plateau where the best is known', () => {
    const { converged, verdict } = judgeConvergence(
      curve(() => 2.4),
      { uninformed: 2.77, best: 1.3 },
    )
    expect(converged).toBe(false)
    expect(verdict).toBe('on its plateau at 2.400 nats, 25 % of the way to the best possible 1.300')
  })

  it('does not judge a few steps', () => {
    expect(judgeConvergence([1, 1, 1])).toEqual({
      converged: false,
      verdict: 'only 3 steps, too few to judge',
    })
  })
})
