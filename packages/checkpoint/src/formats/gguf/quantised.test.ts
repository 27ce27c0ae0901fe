import { quantisedRows } from '@ttt-e2e/kernels/ops'
import { fromPlainTensor, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { blockTypes } from './block-types'
import { dequantise } from './dequantise'
import { readQuantised } from './quantised'
import { sha256Of } from '../../sha256'

beforeAll(() => resolveEngine('cpu'))

const typeOf = (name: string) => [...blockTypes.values()].find((type) => type.name === name)!
const fileOf = (bytes: Uint8Array<ArrayBuffer>) => ({
  size: bytes.length,
  read: async (start: number, end: number) => bytes.slice(start, end),
})
/** Blocks of every scale that is finite, those below the normal numbers among them. */
function blocksOf(name: string, count: number, greatest = 0x6fff): Uint8Array<ArrayBuffer> {
  const { bytes: size } = typeOf(name)
  const bytes = Uint8Array.from({ length: count * size }, (_, i) => (i * 151 + (i >> 3) * 37) & 255)
  const view = new DataView(bytes.buffer)
  const scales = [0x3000, 0x0001, 0x8123, 0x00ff, 0x0180, 0x0200, 0x03ff, 0x0400, 0x8000, greatest]
  for (let block = 0; block < count; block++) {
    view.setUint16(block * size, scales[block % scales.length], true)
    if (name === 'Q4_1') view.setUint16(block * size + 2, scales[(block + 3) % scales.length], true)
  }
  return bytes
}

it.each(['Q4_0', 'Q4_1', 'Q8_0'])('%s keeps its values and their hash', async (name) => {
  const [columns, depth] = [32, 96]
  const bytes = blocksOf(name, (columns * depth) / 32)
  const tensor = { type: typeOf(name), shape: [columns, depth], place: [0, bytes.length] as [number, number] }
  const { blocks, sha256 } = (await readQuantised(fileOf(bytes), tensor))!
  const values = dequantise(name, bytes.slice(), columns * depth)
  const rows = quantisedRows(fromPlainTensor(blocks), tf.range(0, columns, 1, 'int32'))
  // A product with the minimum may turn −0 into 0.
  expect(Array.from(rows.dataSync(), (value) => value + 0)).toEqual(Array.from(values, (value) => value + 0))
  expect(sha256).toBe(sha256Of([new Uint8Array(values.buffer)]))
})

it.each([
  ['Q4_1', [24, 32], 0x3000],
  ['Q4_1', [16, 32], 0x7c00],
  ['Q8_0', [16, 32], 0xfc00],
  ['Q4_0', [16, 32], 0x7000],
  ['Q5_1', [16, 32], 0x3000],
  ['Q8_0', [16], 0x3000],
] as const)('%s %j with a scale of %i is left to the way through float32', async (name, shape, scale) => {
  const { bytes: size } = typeOf(name)
  const bytes = new Uint8Array(24 * size)
  new DataView(bytes.buffer).setUint16(0, scale, true)
  const tensor = { type: typeOf(name), shape: [...shape], place: [0, 16 * size] as [number, number] }
  expect(await readQuantised(fileOf(bytes), tensor)).toBeUndefined()
})
