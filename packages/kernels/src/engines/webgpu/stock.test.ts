import { createRandom, resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { webgpuTiling } from './index'
import { expectLikeCpu, useWebGpu } from './testing'

const random = createRandom(5)
const normal = (shape: number[], scale = 1): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
    shape,
  )
const integers = (shape: number[], below: number, first = 0): Tensor =>
  tf.tensor(
    Int32Array.from({ length: tf.util.sizeFromShape(shape) }, () => first + random.integer(below)),
    shape,
    'int32',
  )

describe('the stock kernels of webgpu', () => {
  useWebGpu()

  it.each(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'squaredDifference', 'mod'] as const)(
    '%s: one shape, broadcast and a scalar',
    async (op) => {
      await expectLikeCpu([normal([3, 4]), normal([3, 4])], (a, b) => tf[op](a, b))
      await expectLikeCpu([normal([3, 1, 4]), normal([5, 1])], (a, b) => tf[op](a, b))
      await expectLikeCpu([normal([300, 3]), normal([])], (a, b) => tf[op](a, b))
    },
  )

  it.each(['add', 'sub', 'mul', 'floorDiv', 'maximum', 'minimum', 'mod'] as const)(
    '%s of integers',
    async (op) => {
      await expectLikeCpu([integers([3, 1, 400], 40, -20), integers([5, 1], 9, 1)], (a, b) => tf[op](a, b))
    },
  )

  it.each(['greater', 'greaterEqual', 'less', 'lessEqual', 'equal', 'notEqual'] as const)(
    '%s',
    async (op) => {
      await expectLikeCpu([normal([7, 5]), normal([5])], (a, b) => tf[op](a, b))
      await expectLikeCpu([integers([7, 5], 3), integers([5], 3)], (a, b) => tf[op](a, b))
    },
  )

  it.each([
    'neg',
    'square',
    'exp',
    'sigmoid',
    'tanh',
    'softplus',
    'relu',
    'abs',
    'reciprocal',
    'floor',
    'round',
    'cos',
    'sin',
    'sign',
    'step',
  ] as const)('%s', async (op) => {
    await expectLikeCpu([normal([7, 50], 3)], (x) => tf[op](x))
  })

  it.each(['sqrt', 'rsqrt', 'log'] as const)('%s', async (op) => {
    await expectLikeCpu([normal([7, 50], 3)], (x) => tf[op](tf.abs(x)))
  })

  it('tanh of large values', async () => {
    await expectLikeCpu([tf.tensor1d([-1e4, -90, 0, 90, 1e4])], (x) => tf.tanh(x))
  })

  it('powers, of negative values too', async () => {
    await expectLikeCpu([normal([40])], (x) => [
      tf.pow(x, tf.scalar(3)),
      tf.pow(x, tf.scalar(-2)),
      tf.pow(tf.abs(x), tf.scalar(-1.5)),
      tf.pow(x, tf.scalar(0)),
    ])
  })

  it('logic, select and casts', async () => {
    await expectLikeCpu([normal([7, 3], 5), normal([7, 3])], (a, b) => [
      tf.where(tf.less(a, b), a, b),
      tf.logicalAnd(tf.logicalNot(tf.less(a, b)), tf.less(a, 0)),
      tf.cast(a, 'int32'),
      tf.cast(a, 'bool'),
      tf.cast(tf.less(a, 0), 'float32'),
      tf.cast(tf.cast(a, 'int32'), 'float32'),
    ])
  })

  it('reductions over any axes', async () => {
    // Away from 0, where a sum of all would have cpu's own rounding.
    await expectLikeCpu([tf.add(normal([5, 6, 70]), 3)], (x) => [
      tf.sum(x),
      tf.sum(x, 0),
      tf.sum(x, [0, 2]),
      tf.mean(x, -1, true),
      tf.max(x, 1),
      tf.min(x),
      tf.sum(x, [0, 1]),
    ])
  })

  it('softmax and cumulative sums', async () => {
    await expectLikeCpu([normal([5, 300], 3), normal([5, 7, 3])], (x, y) => [
      tf.softmax(x),
      tf.logSoftmax(x),
      tf.cumsum(y, 1),
      tf.cumsum(y, 2, true),
      tf.cumsum(y, 0, false, true),
    ])
  })

  it('what moves values', async () => {
    await expectLikeCpu([normal([5, 7, 3])], (x) => [
      tf.transpose(x),
      tf.transpose(x, [1, 0, 2]),
      tf.slice(x, [1, 2, 0], [3, 4, 2]),
      tf.pad(x, [[1, 2], [0, 3], [0, 0]], 7), // prettier-ignore
      tf.tile(x, [2, 1, 3]),
      ...tf.split(x, [2, 5], 1),
      ...tf.unstack(x, 2),
    ])
    await expectLikeCpu(
      [normal([5, 3]), normal([5, 4]), integers([2, 3], 9), integers([2, 3], 9)],
      (a, b, c, d) => [tf.concat([a, b], 1), tf.concat([c, d], 0), tf.stack([c, d], 1)],
    )
  })

  it('what goes by indices, rows that come more than once too', async () => {
    await expectLikeCpu([normal([5, 3, 4]), integers([2, 3], 3)], (x, i) => [
      tf.gather(x, i as never),
      tf.gather(x, i as never, 1),
    ])
    await expectLikeCpu([normal([9, 3]), integers([9], 4)], (x, i) => tf.unsortedSegmentSum(x, i as never, 5))
    await expectLikeCpu([integers([9], 4)], (i) => [tf.oneHot(i, 5), tf.oneHot(i, 5, 3, -1, 'float32')])
  })

  it.each([
    [3, 4, 5],
    [40, 70, 33],
    [100, 65, 17],
    [1, 1, 300],
    [1, 70, 100],
    [4, 130, 33],
  ])('a product of %i × %i values each a sum of %i, transposed or not', async (rows, columns, depth) => {
    for (const a of [false, true])
      for (const b of [false, true])
        await expectLikeCpu(
          [normal(a ? [depth, rows] : [rows, depth]), normal(b ? [columns, depth] : [depth, columns])],
          (x, y) => tf.matMul(x as never, y as never, a, b),
        )
  })

  it('a row of a product is the same bits beside others, in any tile', async () => {
    await resolveEngine('webgpu')
    const tiling = webgpuTiling()!
    const { tiles } = tiling
    const [a, b] = [normal([70, 100]), normal([100, 300])]
    const rows = async (count: number) => {
      const y = tf.tidy(() => tf.matMul(tf.slice(a, [0, 0], [count, 100]) as never, b as never))
      const values = await y.data()
      y.dispose()
      return values.slice(0, 300)
    }
    const expected = await rows(70)
    try {
      for (const count of [1, 3, 20]) expect(await rows(count)).toEqual(expected)
      const candidates = tiling.candidates().productOfFewRows
      for (const productOfFewRows of [candidates[0], candidates.at(-1)!]) {
        tiling.tiles = { ...tiles, productOfFewRows }
        expect(await rows(3), JSON.stringify(productOfFewRows)).toEqual(expected)
      }
    } finally {
      tiling.tiles = tiles
    }
  })

  it('products of batches, broadcast too', async () => {
    await expectLikeCpu([normal([2, 3, 4, 5]), normal([3, 5, 6])], (a, b) =>
      tf.matMul(a as never, b as never),
    )
    await expectLikeCpu([normal([1, 4, 5]), normal([3, 5, 6])], (a, b) => tf.matMul(a as never, b as never))
    await expectLikeCpu([normal([3, 1, 40]), normal([3, 40, 90])], (a, b) =>
      tf.matMul(a as never, b as never),
    )
  })

  it('tensors without values', async () => {
    await expectLikeCpu([normal([0, 5]), normal([5, 6])], (a, b) => [
      tf.matMul(a as never, b as never),
      tf.sum(a, 0),
      tf.concat([a, tf.transpose(b)], 0),
    ])
  })

  it('keeps values apart that stand in a buffer that was used before', async () => {
    const rounds = Array.from({ length: 20 }, (_, i) => i)
    const sums = rounds.map((i) =>
      tf.tidy(() => tf.sum(tf.mul(tf.tensor1d(Array.from({ length: 2000 }, () => i)), 2))),
    )
    expect((await Promise.all(sums.map((sum) => sum.data()))).map(([sum]) => sum)).toEqual(
      rounds.map((i) => i * 4000),
    )
    tf.dispose(sums)
  })
})
