import { createRandom, resolveEngine, tf, type TensorTree } from '@ttt-e2e/tensor-ops'
import { runMixerSuite } from '@ttt-e2e/swa-transformer/testing'
import { expect, it } from 'vitest'
import { titansMixer, type TitansParams } from './mixer'

runMixerSuite('Titans', titansMixer({ window: 6, chunk: 4 }), { step: 4 })
runMixerSuite(
  'Titans that updates at each token',
  titansMixer({ window: 7, chunk: 1, expansion: 2, maxRate: 0.05 }),
)
runMixerSuite('Titans in chunks longer than the text', titansMixer({ window: 6, chunk: 64 }))

it('keeps its memory bounded where gates and values have grown far from where they start', async () => {
  await resolveEngine('wasm', { threads: 1 })
  /** The largest of the memory's weights after 512 tokens. */
  const largest = (maxRate?: number): number => {
    const mixer = titansMixer({ window: 16, chunk: 16, maxRate })({
      hiddenSize: 128,
      heads: 2,
      ropeTheta: 10_000,
      normEpsilon: 1e-6,
    })
    const random = createRandom(2)
    const initial = mixer.init(random) as unknown as TitansParams
    const params: TitansParams = {
      ...initial,
      wGates: tf.mul(initial.wGates, 10),
      wMemory: tf.mul(initial.wMemory, 10),
    }
    const values = Float32Array.from({ length: 512 * 128 }, () => random.normal() + 1)
    const tree = params as unknown as TensorTree
    const { state } = mixer.read(tree, tf.tensor(values, [1, 512, 128]), mixer.start(tree, 1), {
      position: tf.zeros([1], 'int32'),
    })
    return Math.max(...['w0', 'w1', 'w2'].map((name) => tf.max(tf.abs(state[name])).dataSync()[0]))
  }
  tf.tidy(() => {
    expect(largest()).toBeLessThan(20)
    expect(largest(1)).toBeGreaterThan(1e6)
  })
  await resolveEngine('cpu')
})
