import { createRandom, relativeErrorOf, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import { afterAll, expect, it } from 'vitest'
import '../engines'
import { gatedDeltaRule } from '../gated-delta-rule'
import { cases } from './cases'
import { channelDeltaRuleOp, gatedDeltaRule2, kimiDeltaRule } from './index'

runOpSuite(channelDeltaRuleOp, cases)

afterAll(() => resolveEngine('cpu'))

const random = createRandom(4)
const normal = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  )

it('is the gated delta rule where channels decay alike, whose gates may be vectors', async () => {
  await resolveEngine('cpu')
  tf.tidy(() => {
    const [q, k, v, state] = [[2, 21, 2, 4], [2, 21, 2, 4], [2, 21, 4, 3], [2, 4, 4, 3]].map(normal) // prettier-ignore
    const g = tf.neg(tf.square(normal([2, 21, 4])))
    const beta = tf.sigmoid(normal([2, 21, 4]))
    const expected = gatedDeltaRule({ q, k, v, g, beta, state })
    const alike = tf.tile(tf.expandDims(g, 3), [1, 1, 1, 4])
    const actual = kimiDeltaRule({ q, k, v, g: alike, beta, state })
    expect(relativeErrorOf(actual.o, expected.o)).toBeLessThan(1e-6)
    expect(relativeErrorOf(actual.lastState, expected.lastState)).toBeLessThan(1e-6)
  })
})

it('has KDA as the case of GDN-2 whose gates are one number', async () => {
  await resolveEngine('cpu')
  tf.tidy(() => {
    const [q, k, v, state] = [[2, 21, 2, 4], [2, 21, 2, 4], [2, 21, 2, 3], [2, 2, 4, 3]].map(normal) // prettier-ignore
    const g = tf.neg(tf.square(normal([2, 21, 2, 4])))
    const beta = tf.sigmoid(normal([2, 21, 2]))
    const expected = kimiDeltaRule({ q, k, v, g, beta, state })
    const gate = (width: number) => tf.tile(tf.expandDims(beta, 3), [1, 1, 1, width])
    const actual = gatedDeltaRule2({ q, k, v, g, erase: gate(4), write: gate(3), state })
    expect(relativeErrorOf(actual.o, expected.o)).toBeLessThan(1e-6)
    expect(relativeErrorOf(actual.lastState, expected.lastState)).toBeLessThan(1e-6)
  })
})

it.for(['native', 'wasm'])('sees no future on %s, to the bit', async (engine, { skip }) => {
  await resolveEngine(engine).catch((error: Error) => skip(error.message))
  tf.tidy(() => {
    const inputs = Object.fromEntries(
      Object.entries({ q: 1, k: 0.4, erase: 0.3, v: 1, g: 1 }).map(([name, scale]) => {
        const values = tf.mul(normal([1, 40, 2, 5]), scale)
        return [name, name === 'g' ? tf.neg(tf.square(values)) : values]
      }),
    )
    const state = normal([1, 2, 5, 5])
    const changed = Object.fromEntries(
      Object.entries(inputs).map(([name, x]) => {
        const rest = tf.mul(tf.slice(x, [0, 21], [-1, -1]), 3)
        return [name, tf.concat([tf.slice(x, [0, 0], [-1, 21]), rest], 1)]
      }),
    )
    const before = (given: typeof inputs) =>
      tf.slice(channelDeltaRuleOp({ ...given, state }).o, [0, 0], [-1, 21]).dataSync()
    expect(before(changed)).toEqual(before(inputs))
  })
})
