import { quantisedRows } from '@ttt-e2e/kernels/ops'
import { fromPlainTensor, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { blockTypes } from './block-types'
import { dequantise } from './dequantise'
import { quantisedOf } from './quantised'

beforeAll(() => resolveEngine('cpu'))

const typeOf = (name: string) => [...blockTypes.values()].find((type) => type.name === name)!
/** Where a block has f16: its scale, and its minimum where it has one. */
const halvesOf: Record<string, number[]> = {
  Q4_1: [0, 2],
  Q5_1: [0, 2],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
}

/** Blocks of every scale that is finite, those below the normal numbers among them. */
function blocksOf(name: string, count: number, greatest = 0x6fff): Uint8Array<ArrayBuffer> {
  const { bytes: size } = typeOf(name)
  const bytes = Uint8Array.from({ length: count * size }, (_, i) => (i * 151 + (i >> 3) * 37) & 255)
  const view = new DataView(bytes.buffer)
  const scales = [0x3000, 0x0001, 0x8123, 0x00ff, 0x0180, 0x0200, 0x03ff, 0x0400, 0x8000, greatest]
  for (let block = 0; block < count; block++) {
    for (const [i, place] of (halvesOf[name] ?? [0]).entries())
      view.setUint16(block * size + place, scales[(block + 3 * i) % scales.length], true)
  }
  return bytes
}

it.each([
  ['Q4_0', 96, 0x6fff],
  ['Q4_1', 96, 0x7bff],
  ['Q5_0', 96, 0x6bff],
  ['Q5_1', 96, 0x7bff],
  ['Q8_0', 96, 0x7bff],
  ['Q4_K', 512, 0x7bff],
  ['Q5_K', 512, 0x7bff],
  ['Q6_K', 512, 0x7bff],
] as const)('%s keeps its values, whatever the order of its rows', (name, depth, greatest) => {
  const columns = 32
  const { values: width } = typeOf(name)
  const bytes = blocksOf(name, (columns * depth) / width, greatest)
  const tensor = { type: typeOf(name), shape: [columns, depth] }
  const values = dequantise(name, bytes.slice(), columns * depth)
  for (const rowOf of [(row: number) => row, (row: number) => (row * 5 + 3) % columns]) {
    const blocks = quantisedOf(bytes, tensor, rowOf)!
    const rows = quantisedRows(fromPlainTensor(blocks), tf.range(0, columns, 1, 'int32'))
    const expected = Array.from({ length: columns }, (_, row) => [
      ...values.subarray(rowOf(row) * depth, (rowOf(row) + 1) * depth),
    ]).flat()
    // A product with the minimum may turn −0 into 0.
    expect(Array.from(rows.dataSync(), (value) => value + 0)).toEqual(expected.map((value) => value + 0))
  }
})

it.each([
  ['Q4_1', [24, 32], 0x3000],
  ['Q4_1', [16, 32], 0x7c00],
  ['Q8_0', [16, 32], 0xfc00],
  ['Q4_0', [16, 32], 0x7000],
  ['Q5_0', [16, 32], 0x6c00],
  ['Q5_1', [16, 32], 0x7c00],
  ['Q4_K', [16, 256], 0xfc00],
  ['Q4_K', [16, 32], 0x3000],
  ['F16', [16, 32], 0x3000],
  ['Q8_0', [16], 0x3000],
] as const)('%s %j with a scale of %i is left to the way through float32', (name, shape, scale) => {
  const { bytes: size } = typeOf(name)
  const bytes = new Uint8Array(24 * size)
  new DataView(bytes.buffer).setUint16(0, scale, true)
  expect(quantisedOf(bytes, { type: typeOf(name), shape: [...shape] })).toBeUndefined()
})
