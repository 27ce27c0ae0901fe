import { expect, it } from 'vitest'
import { tf, vjp, createRandom, resolveEngine } from '../index'
it('x', async () => {
  await resolveEngine('cpu')
  const f = (x: tf.Tensor) => ({ value: tf.sum(tf.mul(x, tf.exp(x))) })
  const x = tf.tensor1d([1])
  const g = (x: tf.Tensor) => ({ value: vjp(f, x).pull(tf.scalar(1)) })
  expect(vjp(g, x).pull(tf.tensor1d([1])).dataSync()[0]).toBeCloseTo(8.1548, 3)
  createRandom(1)
})
