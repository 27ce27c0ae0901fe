import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { describe, expect, it } from 'vitest'
import { kdaMixer } from './mixer'

// An output near 0 bends too strongly under its norm for finite steps: a larger ε.
runMixerSuite('KDA', kdaMixer({ normEpsilon: 1e-3 }))
runMixerSuite(
  'KDA with shared key heads, negative eigenvalues and bounded decays',
  kdaMixer({ valueHeads: 4, keyWidth: 5, valueWidth: 7, negativeEigenvalues: true, lowerBound: -5 }),
)

describe('KDA', () => {
  it('refuses heads that do not fit', () => {
    const sizes = { hiddenSize: 16, heads: 2, ropeTheta: 10_000, normEpsilon: 1e-5 }
    expect(() => kdaMixer({ valueHeads: 3 })(sizes)).toThrow(
      "2 heads of keys can't be shared evenly by 3 heads of values",
    )
  })
})
