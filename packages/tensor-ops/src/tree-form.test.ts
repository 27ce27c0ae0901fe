import { beforeAll, expect, it } from 'vitest'
import { liveBytes, liveTensors, resolveEngine, tf, treeEntries, treeForm } from './index'

beforeAll(() => resolveEngine('cpu'))

it('has the shapes and types of a tree and holds none of its values', () => {
  const before = { tensors: liveTensors(), bytes: liveBytes(), backend: tf.getBackend() }
  const form = treeForm((random) => {
    const a = tf.tensor(
      Float32Array.from({ length: 6 }, () => random.normal()),
      [2, 3],
    )
    // Kernels work on it too, and values may be asked for.
    const b = { c: tf.concat([tf.mul(a, 2), tf.ones([1, 3])]), d: tf.fill([a.dataSync().length], 1, 'int32') }
    return { a, b }
  })
  expect(treeEntries(form).map(([path, { shape, dtype }]) => [path, dtype, ...shape])).toEqual([
    ['a', 'float32', 2, 3],
    ['b.c', 'float32', 3, 3],
    ['b.d', 'int32', 6],
  ])
  expect({ tensors: liveTensors(), bytes: liveBytes(), backend: tf.getBackend() }).toEqual(before)
})

it('gives the engine back where making it fails', () => {
  const make = () => {
    throw new Error('it has no sizes')
  }
  expect(() => treeForm(make)).toThrow('it has no sizes')
  expect(tf.getBackend()).toBe('cpu')
})
