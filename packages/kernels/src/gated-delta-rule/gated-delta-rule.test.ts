import { resolveEngine, tf, vjp } from '@ttt-e2e/tensor-ops'
import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, expect, it } from 'vitest'
import '../engines'
import { cases } from './cases'
import { gatedDeltaRule, gatedDeltaRuleOp } from './index'

runOpSuite(gatedDeltaRuleOp, cases)

afterAll(() => resolveEngine('cpu'))

it.for(['cpu', 'native', 'wasm'])('normalises keys and queries of zero on %s', async (engine, { skip }) => {
  await resolveEngine(engine).catch((error: Error) => skip(error.message))
  tf.tidy(() => {
    const state = tf.ones([1, 1, 3, 2])
    const zero = { q: tf.zeros([1, 9, 1, 3]), k: tf.zeros([1, 9, 1, 3]) }
    const read = ({ q, k }: typeof zero) => {
      const [v, g, beta] = [tf.ones([1, 9, 1, 2]), tf.zeros([1, 9, 1]), tf.ones([1, 9, 1])]
      return gatedDeltaRule({ q, k, v, g, beta, state })
    }
    const { value, pull } = vjp((x: typeof zero) => ({ value: read(x) }), zero)
    expect(value.lastState.dataSync()).toEqual(state.dataSync())
    const { q, k } = pull({ o: tf.ones([1, 9, 1, 2]), lastState: tf.ones([1, 1, 3, 2]) })
    // At 0 a unit vector's slope is 1/√ε, for queries times 1/√K; both values of a head are read from a state of ones,
    // and written to one that has ones as its gradient.
    for (const slope of q.dataSync()) expect((slope * Math.sqrt(3)) / 2000).toBeCloseTo(1, 5)
    for (const slope of k.dataSync()) expect(slope / 2000).toBeCloseTo(1, 5)
  })
})
