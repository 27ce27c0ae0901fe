import { createRandom, resolveEngine, tf, vjp, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'
import { attention } from './index'

describe('attention on webgpu', () => {
  useWebGpu()

  it('takes no more than eight times its tensors to the second order, however long the sequence is', async () => {
    const backend = await registerGpuEngine('webgpu-memory')
    await resolveEngine('webgpu-memory')
    const random = createRandom(5)
    const normal = (shape: number[]): Tensor =>
      tf.tensor(
        Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
        shape,
      )
    // A window of a quarter, as 8K is of 32K.
    const [length, window] = [512, 128]
    const shape = [1, length, 1, 8]
    const [q, k, v, weights] = [1, 2, 3, 4].map(() => normal(shape))
    const offset = tf.zeros([1], 'int32')
    const results = tf.tidy(() => {
      const y = ({ q, k, v }: Tensors) => attention(q, k, v, { window, offset })
      const gradient = (x: Tensors) => vjp((each: Tensors) => ({ value: y(each) }), x).pull(weights)
      const { value, pull } = vjp((x: Tensors) => ({ value: gradient(x) }), { q, k, v })
      const second = pull({ q: weights, k: weights, v: weights })
      return [y({ q, k, v }), ...Object.values(value), ...Object.values(second)]
    })
    const [first] = await Promise.all(results.map((tensor) => tensor.data()))
    expect(first.every(Number.isFinite)).toBe(true)
    const bytes = 4 * 4 * q.size
    // One matrix of scores would take sixteen times as much as that.
    expect(backend!.pool.reservedBytes).toBeLessThanOrEqual(8 * bytes)
    tf.dispose([q, k, v, weights, offset, ...results])
  })
})
