import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { describe, expect, it } from 'vitest'
import { decayRate } from './decay-rate'
import { mamba3Mixer } from './mixer'

const sizes = { hiddenSize: 16, heads: 2, ropeTheta: 10_000, normEpsilon: 1e-5 }
const small = { headWidth: 8, stateWidth: 8 }

runMixerSuite('Mamba 3', mamba3Mixer(small))
runMixerSuite(
  'Mamba 3 with groups, all channels turning, a norm before the gate',
  mamba3Mixer({ ...small, groups: 2, ropeFraction: 1, decay: 'softplus', gateNorm: true }),
)
runMixerSuite('Mamba 3, MIMO', mamba3Mixer({ ...small, ranks: 3 }))

describe('Mamba 3', () => {
  it('refuses widths that do not fit', () => {
    expect(() => mamba3Mixer({ headWidth: 12 })(sizes)).toThrow(
      'the inner width 32 must be a multiple of the head width 12',
    )
    expect(() => mamba3Mixer({ ...small, groups: 3 })(sizes)).toThrow(
      "3 groups can't be shared evenly by 4 heads",
    )
    expect(() => mamba3Mixer({ ...small, stateWidth: 6 })(sizes)).toThrow(
      'the state width 6 must be a multiple of 4',
    )
  })

  it('has decay rates that are above 0 and smooth at 0', async () => {
    await resolveEngine('cpu')
    tf.tidy(() => {
      const logits = tf.tensor1d([-1e30, -3, 0, 2])
      expect(Array.from(decayRate(logits, 'heavy-tail').dataSync())).toEqual([Math.fround(1e-30), 0.25, 1, 3])
      const slopes = tf.grad((x) => decayRate(x, 'heavy-tail'))(tf.tensor1d([-1, 0, 2]))
      expect(Array.from(slopes.dataSync())).toEqual([0.25, 1, 1])
    })
  })
})
