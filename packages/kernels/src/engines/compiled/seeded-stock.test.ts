import { createRandom, resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { afterAll, describe, it } from 'vitest'
import { createDraws, expectLikeCpu } from './testing'

const { integers, normal } = createDraws(7)

afterAll(() => resolveEngine('cpu'))

const random = createRandom(2027)
/** A whole number from `least` to `most`. */
const between = (least: number, most: number) => least + random.integer(most - least + 1)
/** Often 1, mostly odd. */
const size = (most: number) => (random.integer(4) === 0 ? 1 : between(1, most) | 1)
/** The same, now and then 0. */
const sizeOrNone = (most: number) => (random.integer(12) === 0 ? 0 : size(most))
const several = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))
const shapeOf = (rank: number, most: number, one = size) => several(rank, () => one(most))
const oneOf = <T>(choices: readonly T[]): T => choices[random.integer(choices.length)]
const shuffled = (count: number) => {
  const order = several(count, (i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}
/** A shape that broadcasts with the given one: without some of the first dimensions, and with 1 for some others. */
const broadcastable = (shape: number[]) =>
  shape.slice(random.integer(shape.length + 1)).map((dim) => (random.integer(3) === 0 ? 1 : dim))

interface Example {
  inputs: Tensor[]
  run: (...inputs: Tensor[]) => Tensor | Tensor[]
  /** Where cpu needs it in another way. */
  compiled?: Example['run']
  tolerance?: number
}
const moves = (inputs: Tensor[], run: Example['run']): Example => ({ inputs, run, tolerance: 1e-7 })

/** Kernels with how many examples are drawn of them, and how. */
const kinds: Record<string, [count: number, draw: () => Example]> = {
  'matrix products': [
    80,
    () => {
      const [rows, depth, columns] = shapeOf(3, 40, sizeOrNone)
      const batch = shapeOf(random.integer(4), 4, sizeOrNone)
      const [transposeA, transposeB] = [random.integer(2) === 0, random.integer(2) === 0]
      const a = [...batch, ...(transposeA ? [depth, rows] : [rows, depth])]
      const own = random.integer(2) === 0 ? broadcastable(batch) : batch
      const b = [...own, ...(transposeB ? [columns, depth] : [depth, columns])]
      const swap = random.integer(2) === 0
      const product = (x: Tensor, y: Tensor) =>
        swap ? tf.matMul(y, x, !transposeB, !transposeA) : tf.matMul(x, y, transposeA, transposeB)
      // cpu broadcasts batches of one dimension only.
      const whole = (x: Tensor) => tf.add(x, tf.zeros([...batch, ...x.shape.slice(-2)]))
      return {
        inputs: [normal(a), normal(b)],
        run: (x, y) => product(whole(x), whole(y)),
        compiled: product,
        tolerance: 1e-5,
      }
    },
  ],
  'two operands': [
    60,
    () => {
      const shape = shapeOf(random.integer(5), 12, sizeOrNone)
      const [a, b] = random.integer(2) === 0 ? [shape, broadcastable(shape)] : [broadcastable(shape), shape]
      const op = oneOf([tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.greater, tf.lessEqual])
      return { inputs: [normal(a), normal(b)], run: (x, y) => op(x, y) }
    },
  ],
  'one operand': [
    30,
    () => {
      const op = oneOf([
        tf.neg,
        tf.square,
        tf.exp,
        tf.sigmoid,
        tf.tanh,
        tf.softplus,
        tf.relu,
        tf.abs,
        tf.step,
      ])
      return { inputs: [normal(shapeOf(random.integer(5), 15, sizeOrNone))], run: (x) => op(x) }
    },
  ],
  reductions: [
    60,
    () => {
      const op = oneOf([tf.sum, tf.mean, tf.max, tf.min])
      const shape = shapeOf(between(1, 5), 9, op === tf.sum ? sizeOrNone : size)
      const axes = shape.flatMap((_, d) => (random.integer(2) === 0 ? [d] : []))
      const keepDims = random.integer(2) === 0
      return { inputs: [normal(shape)], run: (x) => op(x, axes, keepDims), tolerance: 1e-5 }
    },
  ],
  softmax: [
    20,
    () => ({
      inputs: [normal(shapeOf(between(1, 4), 20), 3)],
      run: (x) => [tf.softmax(x), tf.logSoftmax(x), tf.logSumExp(x, -1)],
    }),
  ],
  transpose: [
    40,
    () => {
      const rank = between(1, 5)
      const order = shuffled(rank)
      return moves([normal(shapeOf(rank, 20 - 3 * rank, sizeOrNone))], (x) => tf.transpose(x, order))
    },
  ],
  slice: [
    40,
    () => {
      const shape = shapeOf(between(1, 5), 9)
      const begin = shape.map((dim) => random.integer(dim))
      const part = shape.map((dim, d) => random.integer(dim - begin[d] + 1))
      return moves([normal(shape)], (x) => tf.slice(x, begin, part))
    },
  ],
  pad: [
    30,
    () => {
      const shape = shapeOf(between(1, 4), 9, sizeOrNone)
      const paddings = shape.map((): [number, number] => [random.integer(4), random.integer(4)])
      return moves([normal(shape)], (x) => tf.pad(x, paddings, 0.5))
    },
  ],
  tile: [
    30,
    () => {
      const shape = shapeOf(between(1, 4), 5)
      const times = shape.map(() => between(1, 3))
      return moves([normal(shape)], (x) => tf.tile(x, times))
    },
  ],
  concat: [
    30,
    () => {
      const shape = shapeOf(between(1, 4), 9)
      const axis = random.integer(shape.length)
      const part = () => normal(shape.map((dim, d) => (d === axis ? sizeOrNone(9) : dim)))
      return moves([normal(shape), ...several(between(1, 3), part)], (...parts) => tf.concat(parts, axis))
    },
  ],
  split: [
    25,
    () => {
      const shape = shapeOf(between(1, 4), 9)
      const axis = random.integer(shape.length)
      const sizes = several(between(1, 3), () => size(5))
      shape[axis] = sizes.reduce((sum, each) => sum + each)
      return moves([normal(shape)], (x) => tf.split(x, sizes, axis))
    },
  ],
  'stack and unstack': [
    20,
    () => {
      const shape = shapeOf(between(1, 3), 9)
      const axis = random.integer(shape.length + 1)
      return moves([normal(shape), normal(shape)], (x, y) => {
        const both = tf.stack([x, y, x], axis)
        return [both, ...tf.unstack(both, axis)]
      })
    },
  ],
  'gather and what adds back': [
    40,
    () => {
      const shape = shapeOf(between(1, 4), 9)
      const axis = random.integer(shape.length)
      const indices = integers(shapeOf(between(1, 2), 9), shape[axis])
      const [segments, ids] = [size(9), integers([shape[0]], 12)]
      return {
        inputs: [normal(shape), indices, ids],
        run: (x, i, s) => [tf.gather(x, i, axis), tf.unsortedSegmentSum(x, s as tf.Tensor1D, segments)],
      }
    },
  ],
  'where, one-hot and casts': [
    25,
    () => {
      const shape = shapeOf(between(1, 4), 9, sizeOrNone)
      const depth = between(2, 9)
      return moves([normal(shape, 9), normal(shape), integers(shape, 9)], (x, y, i) => [
        tf.where(tf.greater(x, 0), x, y),
        tf.oneHot(i, depth),
        tf.cast(x, 'int32'),
        tf.cast(i, 'float32'),
        tf.cast(tf.greater(x, y), 'float32'),
      ])
    },
  ],
}

describe('stock kernels on seeded shapes, as on cpu', () => {
  for (const [name, [count, draw]] of Object.entries(kinds))
    it(`${name}, ${count} times`, async () => {
      for (const { inputs, run, compiled, tolerance } of several(count, draw)) {
        await expectLikeCpu(inputs, run, { compiled, tolerance })
        tf.dispose(inputs)
      }
    })
})
