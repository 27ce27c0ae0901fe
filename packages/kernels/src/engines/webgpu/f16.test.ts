import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { createRandom, engineNames, resolveEngine, tf, type FusedOp } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import { opSuites } from '../../cases'
import { useWebGpu } from './testing'

const random = createRandom(8)

/** Values of these rows' sizes and columns' sizes, one behind the other by rows. */
const normal = (rows: readonly number[], columns: readonly number[]): Float32Array =>
  Float32Array.from(rows.flatMap((r) => columns.map((c) => r * c * random.normal())))
const ones = (count: number): number[] => Array.from({ length: count }, () => 1)
/** 1e-12, 1 and 1e12 in turn. */
const sizes = (count: number): number[] => Array.from({ length: count }, (_, i) => [1e-12, 1, 1e12][i % 3])

/** A value's 11 leading bits, to nearest, ties to even: what f16 holds of it, whatever its power of two. */
function leading(value: number): number {
  if (value === 0) return 0
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10)
  const steps = value / step
  const floor = Math.floor(steps)
  const rest = steps - floor
  return step * (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor)
}

interface Matrix {
  values: Float32Array
  rows: number
  columns: number
}
const tensorOf = ({ values, rows, columns }: Matrix) => tf.tensor2d(values, [rows, columns])

/** How far values are at most from the product of the rounded inputs, relative to the sum of its addends' sizes. */
function apart(values: ArrayLike<number>, a: Matrix, b: Matrix): number {
  const [x, y] = [a, b].map(({ values }) => Float64Array.from(values, leading))
  let most = 0
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < b.columns; j++) {
      let [sum, size] = [0, 0]
      for (let k = 0; k < a.columns; k++) {
        const addend = x[i * a.columns + k] * y[k * b.columns + j]
        sum += addend
        size += Math.abs(addend)
      }
      most = Math.max(most, Math.abs(values[i * b.columns + j] - sum) / size)
    }
  return most
}

describe('products in f16 on webgpu', () => {
  useWebGpu('f16')

  it('are offered by this engine alone', () => expect(engineNames('f16')).toEqual(['webgpu']))

  it.each([
    ['few rows', ones(3), ones(70), ones(40)],
    ['more than a tile', ones(70), ones(100), ones(130)],
    ['rows and columns of all sizes beside one another', sizes(70), ones(40), sizes(68)],
    ['few of them', sizes(6), ones(40), sizes(6)],
    ['a row, columns of all sizes', sizes(1), ones(70), sizes(90)],
  ])('of %s are those of the rounded inputs', async (_, rows, depth, columns) => {
    const a = { values: normal(rows, depth), rows: rows.length, columns: depth.length }
    const b = { values: normal(depth, columns), rows: depth.length, columns: columns.length }
    for (const turned of [false, true]) {
      const y = tf.tidy(() => {
        const [left, right] = [tensorOf(a), tensorOf(b)]
        return turned
          ? tf.matMul(tf.transpose(left), tf.transpose(right), true, true)
          : tf.matMul(left, right)
      })
      expect(apart(await y.data(), a, b)).toBeLessThan(1e-6)
      y.dispose()
    }
  })

  it('give a row the same bits, whatever stands beside it, in a large tile or a small one', async () => {
    const [rows, depth, columns] = [70, 100, 40]
    const a = { values: normal(sizes(rows), ones(depth)), rows, columns: depth }
    const b = { values: normal(ones(depth), ones(columns)), rows: depth, columns }
    const product = async (m: Matrix): Promise<Float32Array> => {
      const y = tf.tidy(() => tf.matMul(tensorOf(m), tensorOf(b)))
      return (await y.data()) as Float32Array
    }
    const all = await product(a)
    const alone = await product({ values: a.values.slice(2 * depth, 3 * depth), rows: 1, columns: depth })
    expect(alone).toEqual(all.slice(2 * columns, 3 * columns))
  })

  it('are infinite or no number where their inputs are', async () => {
    const a = tf.tensor2d([Infinity, 1, NaN, 1, 1e30, -1e-30], [3, 2])
    const y = tf.matMul(a, tf.tensor2d([1, 1], [2, 1]))
    expect([...(await y.data())]).toEqual([Infinity, NaN, expect.closeTo(1e30, -27)])
  })

  it.each([
    ['linear', {}],
    ['linear-cross-entropy', {}],
    ['attention', {}],
    ['attention', { v: 1e-9 }],
  ] as const)('make %s with its gradient, of sizes %j', async (name, scale) => {
    const { op, cases } = opSuites[name]
    const { errors } = await checkOp(op as FusedOp, { ...(cases[0] as OpCase), scale }, 'webgpu', {
      order: 1,
      precision: 'f16',
      tolerance: { forward: 2e-3, gradient: 5e-3 },
    })
    for (const { name, error, limit } of errors) expect(error, `${name}: relative error`).toBeLessThan(limit)
    // They were made in f16.
    expect(Math.max(...errors.map(({ error }) => error))).toBeGreaterThan(1e-5)
  })

  it('leave f32 as it was', async () => {
    const x = tf.tensor2d([1 + 2 ** -20], [1, 1])
    const one = tf.tensor2d([1], [1, 1])
    const times = async () => (await tf.matMul(x, one).data())[0]
    expect(await times()).toBe(1)
    await resolveEngine('webgpu')
    expect(await times()).toBe(Math.fround(1 + 2 ** -20))
    await resolveEngine('webgpu', { precision: 'f16' })
  })
})
