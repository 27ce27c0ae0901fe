import { tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { afterEach, describe, it } from 'vitest'
import { createDraws, expectLikeCpu } from './testing'

const { integers, normal } = createDraws(7)

const { fill } = tf

afterEach(() => tf.disposeVariables())

const binary: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  equal: tf.equal,
  notEqual: tf.notEqual,
}
const shapes = [
  [[37], [37]],
  [[5, 33], [33]],
  [
    [5, 33],
    [5, 1],
  ],
  [
    [5, 1],
    [1, 33],
  ],
  [[], [3, 4]],
  [[3, 4], []],
  [
    [2, 1, 5, 1],
    [3, 1, 7],
  ],
  [
    [70, 130],
    [70, 130],
  ],
]

describe('binary kernels broadcast as on cpu', () => {
  for (const [name, op] of Object.entries(binary))
    it(name, async () => {
      for (const [a, b] of shapes) await expectLikeCpu([normal(a), normal(b)], op)
      const special = tf.tensor1d([0, 1, NaN, Infinity, -Infinity, 1, 1])
      await expectLikeCpu([special, tf.tensor1d([0, NaN, 1, Infinity, 1, -Infinity, 1])], op)
    })
})

const unary: Record<string, (x: Tensor) => Tensor> = {
  neg: tf.neg,
  square: tf.square,
  sqrt: tf.sqrt,
  rsqrt: tf.rsqrt,
  exp: tf.exp,
  log: tf.log,
  sigmoid: tf.sigmoid,
  tanh: tf.tanh,
  relu: tf.relu,
  abs: tf.abs,
  reciprocal: tf.reciprocal,
  softplus: tf.softplus,
  step: tf.step,
}

describe('unary kernels', () => {
  for (const [name, op] of Object.entries(unary))
    it(name, async () => {
      const positive = ['sqrt', 'rsqrt', 'log'].includes(name)
      for (const scale of [0.01, 1, 20]) {
        const x = normal([7, 133], scale)
        await expectLikeCpu([positive ? tf.abs(x) : x], op)
      }
      const ends = [Infinity, NaN, 0, 1e-30, 80, ...(positive ? [] : [-Infinity, -80, -95, 88.6, 95])]
      // cpu's softplus of -Infinity and of NaN is what JavaScript's Math gives
      await expectLikeCpu([tf.tensor1d(name === 'rsqrt' ? ends.filter((x) => x !== 0) : ends)], op)
    })
})

describe('reductions', () => {
  const axes: [number[], number[] | undefined][] = [
    [[7, 33], undefined],
    [[7, 33], [1]],
    [[7, 33], [0]],
    [[3, 5, 6, 4], [1]],
    [
      [3, 5, 6, 4],
      [0, 2],
    ],
    [
      [3, 5, 6, 4],
      [1, 3],
    ],
    [
      [3, 5, 6, 4],
      [2, 3],
    ],
    [[70000], [0]],
    [[100000], [0]],
    [[1, 5], [0]],
    [[300, 200], [0]],
  ]
  for (const [name, op] of Object.entries({ sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min }))
    it(name, async () => {
      for (const [shape, axis] of axes)
        for (const keepDims of [false, true])
          await expectLikeCpu([normal(shape)], (x) => op(x, axis, keepDims), { tolerance: 1e-4 })
    })
  it('softmax, logSoftmax, logSumExp', async () => {
    for (const shape of [[5, 7], [3, 4, 37], [1, 300], [9]])
      // prettier-ignore
      await expectLikeCpu([normal(shape, 5)], (x) => [tf.softmax(x), tf.logSoftmax(x), tf.logSumExp(x, -1)])
  })
})

describe('layout', () => {
  const same = (name: string, make: () => Tensor[], run: (...x: Tensor[]) => Tensor | Tensor[]) =>
    it(name, () => expectLikeCpu(make(), run, { tolerance: 1e-7 }))
  for (const [shape, perm] of [
    [[37, 50], [1, 0]],
    [[3, 37, 50], [0, 2, 1]],
    [[3, 5, 4, 24], [0, 2, 1, 3]],
    [[3, 5, 4, 24], [3, 1, 0, 2]],
    [[2, 3, 4, 5, 6], [4, 3, 2, 1, 0]],
    [[130, 70], [1, 0]],
    [[1, 7, 1], [2, 0, 1]],
    [[2, 9, 5], [1, 2, 0]],
  ])
    same(`transpose ${shape} by ${perm}`, () => [normal(shape), integers(shape, 99)], (x, y) => [
      tf.transpose(x, perm),
      tf.transpose(y, perm),
    ]) // prettier-ignore
  same('slice', () => [normal([5, 6, 17])], (x) => [tf.slice(x, [1, 2, 3], [3, 4, 9]), tf.slice(x, [2], [1]), tf.slice(x, [0, 0, 16], [-1, -1, 1])]) // prettier-ignore
  same('pad', () => [normal([5, 17])], (x) => tf.pad(x, [[1, 0], [2, 3]], 1.5)) // prettier-ignore
  same(
    'tile',
    () => [normal([2, 1, 5])],
    (x) => tf.tile(x, [2, 3, 4]),
  )
  same('concat', () => [normal([2, 3, 5]), normal([2, 4, 5])], (x, y) => [tf.concat([x, y], 1), tf.concat([x, x, x], 0), tf.concat([x, x], 2)]) // prettier-ignore
  same(
    'split',
    () => [normal([6, 4, 5])],
    (x) => [...tf.split(x, 3, 0), ...tf.split(x, [1, 4], 2)],
  )
  same('stack and unstack', () => [normal([3, 4])], (x) => [tf.stack([x, x], 1), tf.stack([x, x], 2), ...tf.unstack(x, 1), ...tf.unstack(x)]) // prettier-ignore
  same(
    'gather',
    () => [normal([9, 5, 4]), integers([2, 3], 5)],
    (x, i) => [tf.gather(x, i), tf.gather(x, i, 1)],
  )
  same('unsortedSegmentSum', () => [normal([40, 3, 5]), integers([40], 7)], (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 6)) // prettier-ignore
  same(
    'oneHot',
    () => [integers([2, 5], 9)],
    (i) => [tf.oneHot(i, 7), tf.cast(tf.oneHot(i, 7), 'float32')],
  )
  same('where', () => [normal([5, 7]), normal([5, 7])], (x, y) => [tf.where(tf.greater(x, 0), x, y)]) // prettier-ignore
  same('cast', () => [normal([40], 100), integers([9], 100)], (x, i) => [tf.cast(x, 'int32'), tf.cast(i, 'float32'), tf.cast(tf.greater(x, 0), 'float32'), tf.cast(tf.greater(x, 0), 'int32'), tf.cast(x, 'bool')]) // prettier-ignore
  same('fill', () => [normal([3, 5])], (x) => [tf.zerosLike(x), tf.onesLike(x), fill([2, 3], 7), fill([4], -3, 'int32'), tf.zeros([2]), tf.addN([x, x, x])]) // prettier-ignore
  same('views', () => [normal([3, 5])], (x) => [tf.reshape(x, [5, -1]), tf.expandDims(x, 1), tf.squeeze(tf.expandDims(x, 0)), tf.clone(x)]) // prettier-ignore
  same('empty tensors', () => [tf.zeros([0, 3]), normal([2, 3])], (x, y) => [tf.add(x, x), tf.sum(x, 0), tf.concat([x, y], 0), tf.matMul(y, x, false, true), tf.matMul(x, x, true)]) // prettier-ignore
  same('kernels of the cpu backend in between', () => [normal([3, 5])], (x) => [tf.add(tf.sin(x), x), tf.cumsum(tf.mul(x, 2)), tf.reverse(tf.stridedSlice(x, [0, 0], [3, 5], [2, 2])), tf.add(tf.scalar(2, 'int32'), tf.scalar(3, 'int32'))]) // prettier-ignore
})
