import { beforeAll, expect, it } from 'vitest'
import { resolveEngine } from './engine/registry'
import './engine/cpu'
import { read, readBacks, readInto, readTensors } from './read'
import { tf, type Tensor } from './tf'

beforeAll(() => resolveEngine('cpu'))

it('gives the values of a tree in its form, absent branches absent', async () => {
  const tree = {
    loss: tf.scalar(1) as Tensor,
    norms: [tf.tensor1d([2, 3]), tf.tensor2d([[4], [5]])] as Tensor[],
    none: undefined as Tensor | undefined,
  }
  expect(await read(tree)).toEqual({
    loss: Float32Array.of(1),
    norms: [Float32Array.of(2, 3), Float32Array.of(4, 5)],
  })
  expect(await readTensors([tf.tensor1d([7], 'int32')])).toEqual([Int32Array.of(7)])
})

it('counts once for many tensors, not at all for none', async () => {
  const before = readBacks()
  await read([tf.scalar(1), tf.scalar(2)])
  await read([])
  expect(readBacks() - before).toBe(1)
})

it('puts values into arrays one after another, and counts once', async () => {
  const before = readBacks()
  const [all, other] = [Float32Array.of(9, 9, 9, 9), new Float32Array(1)]
  const parts = [[all.subarray(2), new Float32Array(0), all.subarray(0, 1)], [other]]
  await readInto([tf.tensor1d([1, 2, 3]), tf.scalar(4)], parts)
  expect([...all, ...other]).toEqual([3, 9, 1, 2, 4])
  expect(readBacks() - before).toBe(1)
})
