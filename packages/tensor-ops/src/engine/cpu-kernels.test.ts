import { describe, expect, it } from 'vitest'
import './cpu'
import { inFloat64, useEngine } from '../testing'
import { tf, type Tensor } from '../tf'
import { stridesOf } from '../strides'

type At = (...place: number[]) => number

const range = (shape: number[], dtype: 'float32' | 'int32' = 'float32') => {
  const size = tf.util.sizeFromShape(shape)
  return tf.tensor(
    Array.from({ length: size }, (_, i) => (dtype === 'int32' ? i : Math.sin(i) + i)),
    shape,
    dtype,
  )
}
/** The value at a place of a tensor. */
const valueOf = (x: Tensor): At => {
  const [values, strides] = [x.dataSync(), stridesOf(x.shape)]
  return (...place) => values[place.reduce((sum, at, axis) => sum + at * strides[axis], 0)]
}
/** A tensor's values by their places, one after the other. */
const made = (shape: number[], at: At): number[] =>
  Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) =>
    at(...stridesOf(shape).map((stride, axis) => Math.floor(i / stride) % shape[axis])),
  )

describe("cpu's kernels that move values", () => {
  useEngine('cpu')

  const shape = [3, 4, 5]
  const x = () => range(shape)
  const cases: [name: string, run: (x: Tensor) => Tensor, shape: number[], expected: (at: At) => At][] = [
    ['a part', (x) => tf.slice(x, [1, 0, 2], [2, 3, 2]), [2, 3, 2], (at) => (i, j, k) => at(i + 1, j, k + 2)],
    ['a part in one piece', (x) => tf.slice(x, [1, 0, 0], [2, 4, 5]), [2, 4, 5], (at) => (i, j, k) => at(i + 1, j, k)],
    ['no part', (x) => tf.slice(x, [1, 0, 2], [2, 0, 2]), [2, 0, 2], (at) => at],
    ['the rest of a split', (x) => tf.split(x, [1, 3], 1)[1], [3, 3, 5], (at) => (i, j, k) => at(i, j + 1, k)],
    ['the rest of a split in pieces', (x) => tf.split(x, [1, 2], 0)[1], [2, 4, 5], (at) => (i, j, k) => at(i + 1, j, k)],
    ['turned', (x) => tf.transpose(x, [2, 0, 1]), [5, 3, 4], (at) => (i, j, k) => at(j, k, i)],
    ['tiled', (x) => tf.tile(x, [2, 1, 3]), [6, 4, 15], (at) => (i, j, k) => at(i % 3, j, k % 5)],
    ['mirrored', (x) => tf.reverse(x, [0, -1]), shape, (at) => (i, j, k) => at(2 - i, j, 4 - k)],
    ['spread below', (x) => tf.add(x, tf.zeros([2, 1, 1, 1])), [2, 3, 4, 5], (at) => (_, i, j, k) => at(i, j, k)],
    [
      'padded',
      (x) => tf.pad(x, [[1, 0], [0, 2], [3, 1]], 7),
      [4, 6, 9],
      (at) => (i, j, k) => (i >= 1 && j < 4 && k >= 3 && k < 8 ? at(i - 1, j, k - 3) : 7),
    ],
    ['summed', (x) => tf.sum(x, [0, 2], true), [1, 4, 1], (at) => (_, j) => {
      let sum = 0
      for (let i = 0; i < 3; i++) for (let k = 0; k < 5; k++) sum += at(i, j, k)
      return Math.fround(sum)
    }],
  ] // prettier-ignore
  it.each(cases)('%s', (_, run, shape, expected) => {
    tf.tidy(() => {
      const from = x()
      const result = run(from)
      expect(result.shape).toEqual(shape)
      expect([...result.dataSync()]).toEqual(made(shape, expected(valueOf(from))))
    })
  })

  it.each([
    ['difference', tf.sub, (a: number, b: number) => Math.fround(a - b), [4, 1]],
    ['quotient', tf.div, (a: number, b: number) => Math.fround(a / b), [3, 1, 5]],
    ['comparison', tf.less, (a: number, b: number) => Number(a < b), []],
  ] as const)('a %s of tensors of different shapes', (_, run, f, smaller) => {
    tf.tidy(() => {
      const [a, b] = [x(), tf.add(range([...smaller]), 3.7)]
      const [atA, atB] = [valueOf(a), valueOf(b)]
      const own = (place: number[]) =>
        place.slice(3 - b.rank).map((at, axis) => (b.shape[axis] === 1 ? 0 : at))
      expect([...run(a, b).dataSync()]).toEqual(
        made(shape, (...place) => f(atA(...place), atB(...own(place)))),
      )
      expect([...run(b, a).dataSync()]).toEqual(
        made(shape, (...place) => f(atB(...own(place)), atA(...place))),
      )
    })
  })

  it('keep the type, of whole numbers, truth values and strings', () => {
    tf.tidy(() => {
      expect(tf.transpose(range([2, 3], 'int32')).dtype).toBe('int32')
      const truth = tf.tensor2d([1, 0, 1, 1], [2, 2], 'bool')
      expect(tf.slice(truth, [0, 1], [2, 1]).dtype).toBe('bool')
      expect([...tf.sum(truth, 0).dataSync()]).toEqual([2, 1])
      const words = tf.tensor2d(['a', 'b', 'c', 'd'], [2, 2])
      expect(tf.slice(words, [0, 1], [2, 1]).dataSync()).toEqual(['b', 'd'])
    })
  })

  it('compute in float64 where that is asked for', () => {
    inFloat64(() =>
      tf.tidy(() => {
        const x = tf.fill([2, 2], 0.1)
        const moved = tf.add(tf.transpose(tf.slice(tf.mul(x, tf.tensor1d([1, 3])), [0, 1], [2, 1])), 0)
        expect([...moved.dataSync()]).toEqual([0.1 * 3, 0.1 * 3])
      }),
    )
  })

  it('refuse a part that is none', () => {
    expect(() => tf.slice(tf.zeros([2, 2]), [1, 1], [2, 1])).toThrow(/slice2?D?/i)
  })

  it('leave nothing behind', () => {
    const before = tf.memory().numTensors
    const data = tf.memory().numDataBuffers
    for (const [, run] of cases) tf.tidy(() => void run(x()))
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before, data])
  })
})
