import { createRandom, relativeErrorOf, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { describe, expect, it } from 'vitest'
import { mamba2Mixer } from './mixer'

const sizes = { hiddenSize: 16, heads: 2, ropeTheta: 10_000, normEpsilon: 1e-5 }
const small = { headWidth: 8, stateWidth: 6 }

runMixerSuite('Mamba 2', mamba2Mixer(small))
runMixerSuite('Mamba 2 with groups', mamba2Mixer({ ...small, groups: 2, taps: 3 }))
runMixerSuite('Mamba 2 of another width', mamba2Mixer({ ...small, innerWidth: 24, layers: 4 }))

describe('Mamba 2', () => {
  it('keeps steps between their limits', async () => {
    await resolveEngine('cpu')
    tf.tidy(() => {
      const readWith = (stepLimit?: [number, number]) => {
        const mixer = mamba2Mixer({ ...small, stepLimit })(sizes)
        const params = mixer.init(createRandom(1))
        const x = tf.ones([1, 3, 16])
        return mixer.read(params, x, mixer.start(params, 1), { position: tf.zeros([1], 'int32') }).state.scan
      }
      expect(relativeErrorOf(readWith([0, 1e6]), readWith())).toBe(0)
      expect(relativeErrorOf(readWith([0.05, 0.05]), readWith())).toBeGreaterThan(0.1)
      expect(relativeErrorOf(readWith([0, 0]), tf.zeros([1, 4, 8, 6]))).toBe(0)
    })
  })

  it('refuses widths that do not fit', () => {
    expect(() => mamba2Mixer({ headWidth: 12 })(sizes)).toThrow(
      'the inner width 32 must be a multiple of the head width 12',
    )
    expect(() => mamba2Mixer({ ...small, groups: 3 })(sizes)).toThrow(
      "3 groups can't be shared evenly by 4 heads",
    )
  })
})
