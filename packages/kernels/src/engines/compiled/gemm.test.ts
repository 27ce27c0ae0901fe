import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compiledTargets, normal, relativeError } from './testing'

const bitsOf = ({ buffer }: ArrayBufferView) =>
  createHash('sha256').update(new Uint8Array(buffer)).digest('hex')

/** The product in float64. */
function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  sizes: number[],
  transposeA: boolean,
  transposeB: boolean,
) {
  const [rows, columns, depth] = sizes
  const c = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let k = 0; k < depth; k++)
        sum += a[transposeA ? k * rows + i : i * depth + k] * b[transposeB ? j * depth + k : k * columns + j]
      c[i * columns + j] = sum
    }
  return c
}

const sizes = [
  [1, 1, 1],
  [1, 7, 300],
  [3, 33, 5],
  [13, 17, 19],
  [12, 32, 16],
  [25, 65, 257],
  [64, 96, 64],
  [70, 257, 96],
  [129, 48, 513],
  [50, 1024, 33],
  [100, 70, 512],
]

describe('matMul', () => {
  for (const size of sizes)
    it(`[rows, columns, depth] = [${size}] in all transposes`, async () => {
      const [rows, columns, depth] = size
      for (const target of await compiledTargets()) {
        await target.use()
        for (const [transposeA, transposeB] of [
          [false, false],
          [false, true],
          [true, false],
          [true, true],
        ])
          // prettier-ignore
          tf.tidy(() => {
            const a = normal(transposeA ? [depth, rows] : [rows, depth])
            const b = normal(transposeB ? [columns, depth] : [depth, columns])
            const actual = tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, transposeA, transposeB).dataSync()
            const expected = product(a.dataSync(), b.dataSync(), size, transposeA, transposeB)
            expect(relativeError(actual, expected), `${target.name} ${transposeA} ${transposeB}`).toBeLessThan(1e-6)
          })
      }
    })

  it.each([
    [
      [5, 3, 4],
      [5, 4, 6],
    ],
    [
      [5, 3, 4],
      [1, 4, 6],
    ],
    [
      [1, 3, 4],
      [5, 4, 6],
    ],
    [
      [2, 1, 3, 4],
      [1, 7, 4, 37],
    ],
    [
      [2, 3, 9, 40],
      [2, 3, 40, 33],
    ],
    [
      [3, 5, 8],
      [8, 9],
    ],
  ])('batches %j x %j', async (shapeA, shapeB) => {
    for (const target of await compiledTargets()) {
      await target.use()
      tf.tidy(() => {
        const a = normal(shapeA)
        const b = normal(shapeB)
        const c = tf.matMul(a, b)
        const outer = tf.broadcastTo(tf.zeros([1]), c.shape.slice(0, -2)).shape
        const [rows, depth, columns] = [shapeA.at(-2)!, shapeA.at(-1)!, shapeB.at(-1)!]
        const flatA = tf.broadcastTo(a, [...outer, rows, depth]).dataSync()
        const flatB = tf.broadcastTo(b, [...outer, depth, columns]).dataSync()
        const expected: number[] = []
        for (let i = 0; i < c.size / rows / columns; i++) {
          const partA = flatA.subarray(i * rows * depth, (i + 1) * rows * depth)
          const partB = flatB.subarray(i * depth * columns, (i + 1) * depth * columns)
          expected.push(...product(partA, partB, [rows, columns, depth], false, false))
        }
        expect(relativeError(c.dataSync(), expected), target.name).toBeLessThan(1e-6)
      })
    }
  })

  it('gives a row the same bits whatever stands beside it, and however many threads there are', async () => {
    const rows = 200
    for (const target of await compiledTargets()) {
      await target.use(1)
      const a = normal([rows, 300])
      for (const [columns, transposeB] of [
        [64, false],
        [100, true],
        [600, false],
      ] as const) {
        // prettier-ignore
        const b = normal(transposeB ? [columns, 300] : [300, columns])
        await target.use(1)
        const whole = tf.matMul(a, b, false, transposeB).dataSync()
        await target.use(3)
        expect(bitsOf(tf.matMul(a, b, false, transposeB).dataSync())).toBe(bitsOf(whole))
        for (const [first, count] of [
          [0, 1],
          [7, 12],
          [190, 10],
          [3, 50],
        ]) {
          // prettier-ignore
          const part = tf.matMul(tf.slice(a, [first, 0], [count, 300]), b, false, transposeB).dataSync()
          expect(bitsOf(part)).toBe(bitsOf(whole.slice(first * columns, (first + count) * columns)))
        }
      }
    }
    await resolveEngine('cpu')
  })
})
