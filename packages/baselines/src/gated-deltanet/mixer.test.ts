import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { describe, expect, it } from 'vitest'
import { gatedDeltanetMixer } from './mixer'

runMixerSuite('Gated DeltaNet', gatedDeltanetMixer(), { engines: ['cpu', 'native', 'webgpu'] })
runMixerSuite(
  'Gated DeltaNet with shared key heads and negative eigenvalues',
  gatedDeltanetMixer({ valueHeads: 4, keyWidth: 5, valueWidth: 7, negativeEigenvalues: true }),
)

describe('Gated DeltaNet', () => {
  it('refuses heads that do not fit', () => {
    const sizes = { hiddenSize: 16, heads: 2, ropeTheta: 10_000, normEpsilon: 1e-5 }
    expect(() => gatedDeltanetMixer({ keyHeads: 5 })(sizes)).toThrow(
      "three quarters of the hidden size 16 can't be shared evenly by 5 heads",
    )
    expect(() => gatedDeltanetMixer({ valueHeads: 3 })(sizes)).toThrow(
      "2 heads of keys can't be shared evenly by 3 heads of values",
    )
  })
})
