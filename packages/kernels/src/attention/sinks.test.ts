import {
  createRandom,
  relativeErrorOf,
  resolveEngine,
  tf,
  vjp,
  type Tensor,
  type Tensors,
} from '@ttt-e2e/tensor-ops'
import { afterAll, describe, expect, it } from 'vitest'
import '../engines'
import { attention } from './index'

const random = createRandom(3)
const normal = (shape: number[]): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  )

/** A softmax over the scores and the sink's, whose column is then left out. */
function withColumn({ q, k, v, sinks }: Tensors, window: number): Tensor {
  const [batch, length, heads, width] = q.shape as number[]
  const byHead = (x: Tensor) => tf.transpose(x, [0, 2, 1, 3])
  const scores = tf.mul(tf.matMul(byHead(q), byHead(k), false, true), 1 / Math.sqrt(width))
  const hidden = Float32Array.from({ length: length ** 2 }, (_, at) => {
    const before = Math.floor(at / length) - (at % length)
    return before >= 0 && (window === 0 || before < window) ? 0 : -1e30
  })
  const column = tf.mul(tf.ones([batch, heads, length, 1]), tf.reshape(sinks, [heads, 1, 1]))
  const weights = tf.softmax(tf.concat([tf.add(scores, tf.tensor(hidden, [length, length])), column], 3))
  return byHead(tf.matMul(tf.slice(weights, [0, 0, 0, 0], [-1, -1, -1, length]), byHead(v)) as Tensor)
}

describe.each(['cpu', 'native', 'wasm'])('attention with sinks on %s', (engine) => {
  afterAll(() => resolveEngine('cpu'))

  it.for([[0], [4]])(
    'is a softmax with one more column to the second order, window %i',
    async ([window], { skip }) => {
      await resolveEngine(engine).catch((error: Error) => skip(error.message))
      tf.tidy(() => {
        const shape = [2, 9, 3, 4]
        const inputs = {
          q: normal(shape),
          k: normal(shape),
          v: normal(shape),
          sinks: tf.tensor([-12, 0.5, 12]),
        }
        const offset = tf.zeros([2], 'int32')
        const ours = ({ q, k, v, sinks }: Tensors) => attention(q, k, v, { window, offset, sinks })
        const cotangent = normal(shape)
        const others = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, normal(x.shape)]))
        const derivatives = (f: (x: Tensors) => Tensor) => {
          const gradient = (x: Tensors) => vjp((y: Tensors) => ({ value: f(y) }), x).pull(cotangent)
          const { value, pull } = vjp((x: Tensors) => ({ value: gradient(x) }), inputs)
          return { y: f(inputs), ...value, ...Object.fromEntries(Object.entries(pull(others)).map(([name, x]) => [`second ${name}`, x])) } as Tensors // prettier-ignore
        }
        const [actual, expected] = [derivatives(ours), derivatives((x) => withColumn(x, window))]
        for (const [name, tensor] of Object.entries(expected))
          expect(relativeErrorOf(actual[name], tensor), name).toBeLessThan(1e-5)
      })
    },
  )

  it('is as without where the sinks take nothing', async ({ skip }) => {
    await resolveEngine(engine).catch((error: Error) => skip(error.message))
    tf.tidy(() => {
      const [q, k, v] = [normal([1, 5, 2, 4]), normal([1, 5, 2, 4]), normal([1, 5, 2, 4])]
      const options = { window: 3, offset: tf.zeros([1], 'int32') }
      const none = attention(q, k, v, { ...options, sinks: tf.fill([2], -Infinity) })
      expect(none.dataSync()).toEqual(attention(q, k, v, options).dataSync())
    })
  })
})
