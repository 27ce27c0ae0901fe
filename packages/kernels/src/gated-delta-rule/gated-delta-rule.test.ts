import { createRandom, relativeErrorOf, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import '../engines'
import { cases } from './cases'
import { gatedDeltaRuleOp } from './index'

runOpSuite(gatedDeltaRuleOp, cases)

it('the reference gives the same with any chunk, one token at a time too', async () => {
  await resolveEngine('cpu')
  tf.tidy(() => {
    const random = createRandom(5)
    const normal = (shape: number[], scale = 1) =>
      tf.tensor(
        Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
        shape,
      )
    const inputs = {
      q: normal([2, 21, 2, 4]),
      k: normal([2, 21, 2, 4], 0.4),
      v: normal([2, 21, 4, 3]),
      g: tf.neg(tf.square(normal([2, 21, 4]))),
      beta: tf.sigmoid(normal([2, 21, 4])),
      state: normal([2, 4, 4, 3]),
    }
    const expected = gatedDeltaRuleOp.reference(inputs, { chunk: 1 })
    for (const chunk of [2, 8, 21, 64]) {
      const actual = gatedDeltaRuleOp.reference(inputs, { chunk })
      for (const name of ['o', 'lastState'])
        expect(relativeErrorOf(actual[name], expected[name]), `${name}, ${chunk}`).toBeLessThan(1e-6)
    }
  })
})
