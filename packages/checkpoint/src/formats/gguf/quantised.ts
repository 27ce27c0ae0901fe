import { blockColumns, blockDepth, interleaveBlocks } from '@ttt-e2e/kernels/ops'
import type { ByteSource } from '@ttt-e2e/tensor-ops'
import { sha256Of } from '../../sha256'
import type { QuantisedTensor } from '../published-weights'
import { dequantise } from './dequantise'
import type { GgufTensor } from './header'

/** What of a block is scale and minimum, and its values in words, the first in the lowest bits. */
interface Layout {
  bits: 4 | 8
  scales(view: DataView, at: number): number
  word(view: DataView, at: number, index: number): number
}

/**
 * The nibbles of eight values that follow each other: ggml has value i and value i + 16 in one byte, the first half of the
 * block in the lower nibbles.
 */
function nibbles(view: DataView, at: number, index: number): number {
  const shift = index < 2 ? 0 : 4
  let word = 0
  for (let i = 0; i < 8; i++) word |= ((view.getUint8(at + 8 * (index % 2) + i) >> shift) & 15) << (4 * i)
  return word
}

/** The f16 that is −8 times this one, which is exact while it is finite. */
function minusEight(half: number): number {
  const sign = (half & 0x8000) ^ 0x8000
  const [exponent, fraction] = [(half >> 10) & 31, half & 0x3ff]
  if (exponent > 0) return sign | ((exponent + 3) << 10) | fraction
  // Below the normal numbers each doubling is a shift, until the leading bit is where the exponent begins.
  let [bits, doublings] = [fraction, 3]
  while (doublings > 0 && bits < 0x400) {
    bits <<= 1
    doublings--
  }
  return sign | (bits + (doublings << 10))
}
/** Beyond it a Q4_0 block's minimum isn't finite; the bits of 8192. */
const largestScale = 0x7000

const layouts: Readonly<Record<string, Layout>> = {
  Q4_0: {
    bits: 4,
    scales(view, at) {
      const scale = view.getUint16(at, true)
      return scale | (minusEight(scale) << 16)
    },
    word: (view, at, index) => nibbles(view, at + 2, index),
  },
  Q4_1: {
    bits: 4,
    scales: (view, at) => view.getInt32(at, true),
    word: (view, at, index) => nibbles(view, at + 4, index),
  },
  Q8_0: {
    bits: 8,
    scales: (view, at) => view.getUint16(at, true),
    word: (view, at, index) => view.getInt32(at + 2 + 4 * index, true),
  },
}

/** Values that are hashed at once. */
const pieceOfValues = 2 ** 18

/**
 * A matrix of a GGUF file as the kernels take it, see `interleaveBlocks`. Its values are the file's, exactly.
 *
 * @returns undefined for a tensor that can't stay quantised: of another type or rank, of sizes that the blocks don't fill, or
 * with a scale that isn't finite
 */
export async function readQuantised(
  file: ByteSource,
  { type, shape, place }: GgufTensor,
): Promise<QuantisedTensor | undefined> {
  const layout = layouts[type.name]
  if (!layout || shape.length !== 2) return undefined
  const [columns, depth] = shape
  if (columns % blockColumns !== 0 || depth % blockDepth !== 0) return undefined
  const bytes = await file.read(...place)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; at += type.bytes) if (!isUsable(type.name, view, at)) return undefined
  const blocks = interleaveBlocks({
    bits: layout.bits,
    columns,
    depth,
    scales: (block) => layout.scales(view, block * type.bytes),
    word: (block, index) => layout.word(view, block * type.bytes, index),
  })
  return { blocks, sha256: sha256Of(valuesOf(type.name, bytes, columns * depth, type)) }
}

/** Anything else is left to the way through float32, which tells what is wrong. */
function isUsable(type: string, view: DataView, at: number): boolean {
  const finite = (half: number) => (half & 0x7c00) !== 0x7c00
  const scale = view.getUint16(at, true)
  if (type === 'Q4_0') return (scale & 0x7fff) < largestScale
  return finite(scale) && (type !== 'Q4_1' || finite(view.getUint16(at + 2, true)))
}

/** The bytes of the values in float32, piece by piece: the hash is that of the expanded tensor. */
function* valuesOf(
  name: string,
  bytes: Uint8Array,
  count: number,
  type: GgufTensor['type'],
): Generator<Uint8Array> {
  for (let first = 0; first < count; first += pieceOfValues) {
    const length = Math.min(pieceOfValues, count - first)
    const from = (first / type.values) * type.bytes
    const blocks = bytes.slice(from, from + (length / type.values) * type.bytes)
    yield new Uint8Array(dequantise(name, blocks, length).buffer)
  }
}
