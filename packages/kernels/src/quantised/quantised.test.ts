import { resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { describe, expect, it, beforeAll } from 'vitest'
import '../engines'
import { linear } from '../linear'
import { linearCrossEntropy } from '../linear-cross-entropy'
import { interleaveBlocks, quantisedLinear, quantisedRows, type QuantisedFormatName } from './index'
import { dequantised } from './reference'

/** Bits of f16: 1/8, a number below the normal ones, −3, the largest. */
const halves = [0x3000, 0x0123, 0xc200, 0x0001, 0x2e66]
let state = 1
const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
const randomWord = () => Math.floor(random() * 2 ** 32) | 0

/** Words of nothing but noise, but for f16: one or two in the first word. */
function randomWeight(format: QuantisedFormatName, columns: number, depth: number): Tensor {
  const { shape, values } = interleaveBlocks({
    format,
    columns,
    depth,
    word(column, unit, index) {
      if (index > 0) return randomWord()
      const scale = halves[(column + unit) % 5]
      return scale | (format === '6 bits' ? randomWord() & ~0xffff : halves[(column + unit + 2) % 5] << 16)
    },
  })
  return tf.tensor(values, shape, 'int32')
}
const randomRows = (rows: number, width: number) =>
  tf.tensor2d(
    Float32Array.from({ length: rows * width }, () => random() - 0.5),
    [rows, width],
  )
const valuesOf = (tensor: Tensor) => [...tensor.dataSync()]

describe.each([
  ['native', 1],
  ['native', 2],
  ['wasm', 1],
] as const)('%s, %i threads', (engine, threads) => {
  beforeAll(() => resolveEngine(engine, { threads }))

  it.each([
    ['4 bits', 16, 32, 1],
    ['4 bits', 80, 288, 2],
    ['8 bits', 80, 288, 3],
    ['4 bits', 144, 544, 9],
    ['8 bits', 48, 512, 4],
    ['8 bits', 144, 64, 21],
    ['5 bits', 16, 32, 1],
    ['5 bits', 80, 288, 3],
    ['5 bits', 144, 544, 9],
    ['6 bits', 16, 32, 1],
    ['6 bits', 80, 288, 4],
    ['6 bits', 144, 544, 21],
    ['4 bits, grouped', 16, 256, 1],
    ['4 bits, grouped', 80, 512, 3],
    ['4 bits, grouped', 144, 768, 9],
    ['5 bits, grouped', 16, 256, 1],
    ['5 bits, grouped', 80, 512, 2],
    ['5 bits, grouped', 144, 768, 21],
  ] as const)(
    '%s, %i columns of %i: the products of the matrix in float32, %i rows',
    (format, columns, depth, rows) => {
      const weight = randomWeight(format, columns, depth)
      const x = randomRows(rows, depth)
      const matrix = dequantised(weight)
      const product = valuesOf(quantisedLinear(x, weight))
      expect(product).toEqual(valuesOf(linear(x, tf.transpose(matrix))))
      // Each row by itself has the same bits.
      const last = tf.slice(x, [rows - 1, 0], [1, depth])
      expect(valuesOf(linear(last, weight))).toEqual(product.slice(-columns))
      const indices = tf.tensor1d([columns - 1, 0, 7], 'int32')
      expect(valuesOf(quantisedRows(weight, indices))).toEqual(valuesOf(tf.gather(matrix, indices)))
      const targets = tf.tensor1d(
        Int32Array.from({ length: rows }, (_, i) => i),
        'int32',
      )
      expect(valuesOf(linearCrossEntropy(x, weight, targets))).toEqual(
        valuesOf(linearCrossEntropy(x, matrix, targets)),
      )
    },
  )

  it('refuses what is no quantised weight, and an index outside', () => {
    const weight = randomWeight('4 bits', 16, 64)
    expect(() => quantisedLinear(randomRows(2, 32), weight)).toThrow('it must be [2, 64]')
    expect(() => quantisedRows(weight, tf.tensor1d([16], 'int32'))).toThrow('lies outside of the')
    const word = () => 0
    expect(() => interleaveBlocks({ format: '4 bits', columns: 8, depth: 32, word })).toThrow(RangeError)
    expect(() => interleaveBlocks({ format: '5 bits, grouped', columns: 16, depth: 288, word })).toThrow(
      'a multiple of 16 columns and of 256 values in each, not 16 and 288',
    )
  })
})
