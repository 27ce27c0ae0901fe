import { resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { describe, expect, it, beforeAll } from 'vitest'
import '../engines'
import { linear } from '../linear'
import { linearCrossEntropy } from '../linear-cross-entropy'
import { interleaveBlocks, quantisedLinear, quantisedRows } from './index'
import { dequantised } from './reference'

/** Bits of f16: 1/8, a number below the normal ones, −3, the largest. */
const halves = [0x3000, 0x0123, 0xc200, 0x0001, 0x2e66]
let state = 1
const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
const randomWord = () => Math.floor(random() * 2 ** 32) | 0

function randomWeight(bits: 4 | 8, columns: number, depth: number): Tensor {
  const { shape, values } = interleaveBlocks({
    bits,
    columns,
    depth,
    scales: (block) => halves[block % 5] | (halves[(block + 2) % 5] << 16),
    word: randomWord,
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
    [4, 16, 32, 1],
    [4, 80, 288, 2],
    [8, 80, 288, 3],
    [4, 144, 544, 9],
    [8, 48, 512, 4],
    [8, 144, 64, 21],
  ] as const)(
    '%i bits, %i columns of %i: the products of the matrix in float32, %i rows',
    (bits, columns, depth, rows) => {
      const weight = randomWeight(bits, columns, depth)
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
    const weight = randomWeight(4, 16, 64)
    expect(() => quantisedLinear(randomRows(2, 32), weight)).toThrow('it must be [2, 64]')
    expect(() => quantisedRows(weight, tf.tensor1d([16], 'int32'))).toThrow('lies outside of the')
    expect(() =>
      interleaveBlocks({ bits: 4, columns: 8, depth: 32, scales: () => 0, word: () => 0 }),
    ).toThrow(RangeError)
  })
})
