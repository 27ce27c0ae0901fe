import { beforeAll, describe, expect, it } from 'vitest'
import { resolveEngine, tf, vjp, type Tensor } from '../index'
import { derivative, inFloat64 } from '../testing'
import { tapeEngine } from './repair-tape'

beforeAll(() => resolveEngine('cpu'))

/** Scalar functions of a vector whose derivatives stock tfjs gets wrong, or refuses, from the second order on. */
const functions: Record<string, (x: Tensor) => Tensor> = {
  exp: (x) => tf.exp(x),
  'x exp(x)': (x) => tf.mul(x, tf.exp(x)),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  softmax: (x) => tf.softmax(tf.reshape(x, [2, 3])),
  'log-softmax': (x) => tf.logSoftmax(tf.reshape(x, [2, 3])),
  'log-sum-exp': (x) => tf.logSumExp(tf.reshape(x, [2, 3]), -1),
  'max over an axis': (x) => tf.square(tf.max(tf.reshape(x, [2, 3]), -1)),
  'where of a comparison': (x) => tf.where(tf.greater(x, 0.1), tf.pow(x, 4), tf.exp(x)),
  clip: (x) => tf.square(tf.clipByValue(x, -0.5, 0.9)),
  'cross entropy': (x) => tf.neg(tf.sum(tf.mul(tf.tensor2d([[1, 0, 0], [0, 0, 1]]), tf.logSoftmax(tf.reshape(x, [2, 3]))))), // prettier-ignore
  attention: (x) => {
    const q = tf.reshape(x, [3, 2])
    return tf.matMul(tf.softmax(tf.matMul(q, q, false, true)), q)
  },
}

describe.each(Object.entries(functions))('%s', (_, f) => {
  it.each([1, 2, 3])('has the right derivative of order %i', (order) => {
    inFloat64(() =>
      tf.tidy(() => {
        const scalar = (x: Tensor) =>
          tf.sum(tf.mul(tf.square(f(x)), tf.add(tf.range(0, f(x).size).reshape(f(x).shape), 1)))
        let value = scalar
        for (let i = 1; i < order; i++) {
          const lower = value
          const weights = tf.tensor1d([0.3, -1.2, 0.8, 0.5, -0.7, 1.1])
          value = (x) =>
            tf.sum(tf.mul(vjp((y: Tensor) => ({ value: lower(y) }), x).pull(tf.scalar(1)), weights))
        }
        const x = tf.tensor1d([0.7, -1.1, 0.3, 0.2, 1.3, -0.4])
        const direction = tf.tensor1d([1, 0.5, -0.3, 0.9, -1.4, 0.2])
        const gradient = vjp((y: Tensor) => ({ value: value(y) }), x).pull(tf.scalar(1))
        const along = tf.sum(tf.mul(gradient, direction)).dataSync()[0]
        const expected = derivative((step) =>
          tf.tidy(() => value(tf.add(x, tf.mul(direction, step))).dataSync()[0]),
        )
        expect(Math.abs(along - expected)).toBeLessThan(1e-7 * Math.max(1, Math.abs(expected)))
        expect(Math.abs(expected)).toBeGreaterThan(1e-3)
      }),
    )
  })
})

it("repairs tfjs's own tf.grad too", () => {
  const second = tf.grad((x) => tf.sum(tf.grad((y) => tf.sum(tf.mul(y, tf.exp(y))))(x)))
  expect(tf.tidy(() => second(tf.tensor1d([1])).dataSync()[0])).toBeCloseTo(3 * Math.E, 4)
})

it('still fits the private parts of tfjs that it was written for', () => {
  expect(tf.version_core).toBe('4.22.0')
  const { state, addTapeNode, startScope, endScope } = tapeEngine()
  expect(state).toMatchObject({ gradientDepth: 0 })
  for (const method of [addTapeNode, startScope, endScope]) expect(method).toBeTypeOf('function')
})
