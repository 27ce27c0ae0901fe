import { createRandom, relativeErrorOf, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import '../engines'
import { cases } from './cases'
import { ssdScanOp } from './index'

runOpSuite(ssdScanOp, cases)

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
      x: normal([2, 21, 4, 3]),
      dt: tf.square(normal([2, 21, 4])),
      A: tf.neg(tf.square(normal([4]))),
      B: normal([2, 21, 2, 5]),
      C: normal([2, 21, 2, 5]),
      D: normal([4]),
      state: normal([2, 4, 3, 5]),
    }
    const expected = ssdScanOp.reference(inputs, { chunk: 1 })
    for (const chunk of [2, 8, 21, 64]) {
      const actual = ssdScanOp.reference(inputs, { chunk })
      for (const name of ['y', 'lastState'])
        expect(relativeErrorOf(actual[name], expected[name]), `${name}, ${chunk}`).toBeLessThan(1e-6)
    }
  })
})
