import { relativeError, resolveEngine, tf, type Precision, type Tensor } from '@ttt-e2e/tensor-ops'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compiledTargets, createDraws, nativeTargets } from './testing'

const { normal } = createDraws(7)

const bitsOf = ({ buffer }: ArrayBufferView) =>
  createHash('sha256').update(new Uint8Array(buffer)).digest('hex')

const targetsIn = (precision: Precision) =>
  precision === 'f32' ? compiledTargets() : nativeTargets(precision)

/** To nearest, ties to even. */
function roundToBf16(values: Float32Array): Float32Array {
  const raw = new Uint32Array(values.slice().buffer)
  return new Float32Array(raw.map((bits) => (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000).buffer)
}

/** What a product takes of a tensor. */
function factorOf(tensor: Tensor, precision: Precision): Float32Array {
  const values = tensor.dataSync() as Float32Array
  return precision === 'bf16' ? roundToBf16(values) : values
}

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
  [75, 300, 150],
  [129, 48, 513],
  [50, 1024, 33],
  [100, 70, 512],
  [3, 20, 16500],
]

describe.each(['f32', 'bf16'] as const)('matMul in %s', (precision) => {
  for (const size of sizes)
    it(`[rows, columns, depth] = [${size}] in all transposes`, async () => {
      const [rows, columns, depth] = size
      for (const target of await targetsIn(precision)) {
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
            const [x, y] = [factorOf(a, precision), factorOf(b, precision)]
            const expected = product(x, y, size, transposeA, transposeB)
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
    for (const target of await targetsIn(precision)) {
      await target.use()
      tf.tidy(() => {
        const a = normal(shapeA)
        const b = normal(shapeB)
        const c = tf.matMul(a, b)
        const outer = tf.broadcastTo(tf.zeros([1]), c.shape.slice(0, -2)).shape
        const [rows, depth, columns] = [shapeA.at(-2)!, shapeA.at(-1)!, shapeB.at(-1)!]
        const flatA = factorOf(tf.broadcastTo(a, [...outer, rows, depth]), precision)
        const flatB = factorOf(tf.broadcastTo(b, [...outer, depth, columns]), precision)
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
    for (const target of await targetsIn(precision)) {
      await target.use(1)
      const a = normal([rows, 300])
      for (const [columns, transposeB] of [
        [64, false],
        [300, true],
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
          [5, 2],
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

describe('f32', () => {
  it('is as exact where factors are cut into pieces as where they are not, large and small values too', async () => {
    const size = [150, 300, 300]
    for (const target of await targetsIn('f32')) {
      await target.use()
      for (const scale of [1, 1e-12, 1e15])
        tf.tidy(() => {
          const a = tf.mul(normal([150, 300], scale), tf.exp(normal([150, 300], 3)))
          const b = normal([300, 300], scale)
          const actual = tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D).dataSync() as Float32Array
          const [x, y] = [a, b].map((factor) => factor.dataSync() as Float32Array)
          const expected = product(x, y, size, false, false)
          const sizes = product(x.map(Math.abs), y.map(Math.abs), size, false, false)
          const worst = actual.reduce(
            (most, value, i) => Math.max(most, Math.abs(value - expected[i]) / sizes[i]),
            0,
          )
          expect(worst, `${target.name} ${scale}`).toBeLessThan(64 * 2 ** -24)
        })
    }
  })

  it('makes no number of what is none', async () => {
    for (const target of await targetsIn('f32')) {
      await target.use()
      tf.tidy(() => {
        for (const [value, row] of [
          [NaN, 3],
          [Infinity, 0],
        ]) {
          const a = tf.buffer([40, 200], 'float32', normal([40, 200]).dataSync().slice() as Float32Array)
          a.set(value, row, 7)
          const y = tf.matMul(a.toTensor() as tf.Tensor2D, normal([200, 300]) as tf.Tensor2D).dataSync()
          y.forEach((element, i) =>
            expect(Number.isFinite(element), `${target.name} ${value} ${i}`).toBe(
              Math.floor(i / 300) !== row,
            ),
          )
        }
      })
    }
  })
})

describe('bf16', () => {
  const tie = 2 ** -8
  const roundings: [given: number, expected: number][] = [
    [1 + tie, 1],
    [1 + 3 * tie, 1 + 4 * tie],
    [1 + tie + 2 ** -20, 1 + 2 * tie],
    [-1 - 3 * tie, -1 - 4 * tie],
    [3.4e38, Infinity],
    [-Infinity, -Infinity],
    [NaN, NaN],
    [0, 0],
  ]

  it('rounds both factors to nearest, ties to even; NaN stays NaN', async () => {
    const [given, expected] = [0, 1].map((i) => roundings.map((pair) => pair[i]))
    for (const target of await nativeTargets('bf16')) {
      await target.use()
      tf.tidy(() => {
        const [x, one] = [tf.tensor1d(given), tf.ones([1, 1])]
        const products = [tf.matMul(x.reshape([-1, 1]), one), tf.matMul(one, x.reshape([1, -1]))]
        for (const y of products) expect([...y.dataSync()], target.name).toEqual(expected)
      })
    }
  })

  it('gives the same bits 20 times, in every form of a product', async () => {
    const [x, weights] = [normal([3, 130, 200]), normal([3, 200, 150])]
    const shared = tf.slice(weights, 0, 1)
    for (const target of await nativeTargets('bf16')) {
      const run = () =>
        tf.tidy(() =>
          [
            tf.matMul(x, weights),
            tf.matMul(x, shared),
            tf.matMul(x, x, true),
            tf.matMul(x, x, false, true),
          ].map((y) => bitsOf(y.dataSync()) as never),
        )
      await target.use(1)
      const expected = run()
      for (let i = 0; i < 20; i++) {
        await target.use(1 + (i % 3))
        expect(run()).toEqual(expected)
      }
    }
    await resolveEngine('cpu')
  })

  it('gives the same bits from a factor that it has kept packed, and frees that with it', async () => {
    const nativeBytes = () => (tf.memory() as unknown as { nativeBytes: number }).nativeBytes
    const rows = [1, 40, 130]
    for (const target of await nativeTargets('bf16')) {
      await target.use()
      const before = nativeBytes()
      tf.tidy(() => {
        const weights = [normal([50, 70]), normal([3, 50, 70])]
        for (const transposed of [false, true])
          for (const weight of weights) {
            const xs = rows.map((count) =>
              normal([...weight.shape.slice(0, -2), count, transposed ? 70 : 50]),
            )
            const run = () => xs.map((x) => bitsOf(tf.matMul(x, weight, false, transposed).dataSync()))
            const first = run()
            for (let i = 0; i < 4; i++) expect(run()).toEqual(first)
          }
      })
      expect(nativeBytes()).toBe(before)
    }
    await resolveEngine('cpu')
  })

  it('leaves f32 as it is', async () => {
    if ((await nativeTargets('bf16')).length === 0) return
    const [a, b] = [normal([70, 90]), normal([90, 110])]
    await resolveEngine('native')
    const before = bitsOf(tf.matMul(a, b).dataSync())
    await resolveEngine('native', { precision: 'bf16' })
    expect(bitsOf(tf.matMul(a, b).dataSync())).not.toBe(before)
    await resolveEngine('native')
    expect(bitsOf(tf.matMul(a, b).dataSync())).toBe(before)
    await resolveEngine('cpu')
  })
})
