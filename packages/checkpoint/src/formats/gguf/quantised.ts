import { fillsBlocks, interleaveBlocks, type QuantisedFormatName } from '@ttt-e2e/kernels/ops'
import type { PlainTensor } from '@ttt-e2e/tensor-ops'
import type { GgufTensor } from './header'

/** How a type's blocks become words as the kernels take them, see `quantisedFormats`. */
interface Layout {
  format: QuantisedFormatName
  /** How many of the kernels' units a block of the file is; 1 where left out. */
  units?: number
  /** @param at where the block begins @param index of the word @param unit of the block's */
  word(view: DataView, at: number, index: number, unit: number): number
  /** Where in a block f16 stand, which must be finite; the first one's greatest value where less is allowed. */
  halves: readonly number[]
  greatest?: number
}

/** Bits of four bytes, as many of each, the first byte's lowest. @param width 1, 2 or 4 */
function joined(bytes: number, shift: number, width: 1 | 2 | 4): number {
  const each = (bytes >>> shift) & (((1 << width) - 1) * 0x01010101)
  const pairs = (each | (each >>> (8 - width))) & (((1 << (2 * width)) - 1) * 0x00010001)
  return (pairs | (pairs >>> (16 - 2 * width))) & ((1 << (4 * width)) - 1)
}

/** The nibbles of eight bytes that follow each other. */
const nibblesOf = (view: DataView, at: number, shift: number): number =>
  joined(view.getInt32(at, true), shift, 4) | (joined(view.getInt32(at + 4, true), shift, 4) << 16)

/** Of a block of 32: ggml has value i and value i + 16 in one byte, the first half in the lower nibbles. */
const nibbles = (view: DataView, at: number, index: number): number =>
  nibblesOf(view, at + 8 * (index % 2), index < 2 ? 0 : 4)

/** Of a block of 256: value i and value i + 32 of 64 in one byte. */
const groupedNibbles = (view: DataView, at: number, block: number, index: number): number =>
  nibblesOf(view, at + 32 * (block >> 1) + 8 * index, 4 * (block % 2))

/** The f16 that is −2^doublings times this one, which is exact while it is finite. */
function timesMinus(half: number, doublings: number): number {
  const sign = (half & 0x8000) ^ 0x8000
  const [exponent, fraction] = [(half >> 10) & 31, half & 0x3ff]
  if (exponent > 0) return sign | ((exponent + doublings) << 10) | fraction
  // Below the normal numbers each doubling is a shift, until the leading bit is where the exponent begins.
  let [bits, left] = [fraction, doublings]
  while (left > 0 && bits < 0x400) {
    bits <<= 1
    left--
  }
  return sign | (bits + (left << 10))
}
/** q counts from 0 on: the minimum is −2^doublings times the scale. */
function centred(view: DataView, at: number, doublings: number): number {
  const scale = view.getUint16(at, true)
  return scale | (timesMinus(scale, doublings) << 16)
}
/** The bits of 2^exponent in f16: beyond it a minimum of so many doublings isn't finite. */
const power = (exponent: number) => (exponent + 15) << 10

/** Scales and minima of six bits: those of block 0 to 3 in bytes of their own, the others' in what these leave. */
function sixBits(view: DataView, at: number, block: number): number {
  const packed = (i: number) => view.getUint8(at + i)
  if (block < 4) return (packed(block) & 63) | ((packed(block + 4) & 63) << 6)
  const scale = (packed(block + 4) & 15) | ((packed(block - 4) >> 6) << 4)
  return scale | (((packed(block + 4) >> 4) | ((packed(block) >> 6) << 4)) << 6)
}
/** The first five words of a grouped format. */
const groupedScales = (view: DataView, at: number, index: number): number =>
  index === 0
    ? view.getInt32(at, true)
    : sixBits(view, at + 4, 2 * (index - 1)) | (sixBits(view, at + 4, 2 * (index - 1) + 1) << 16)

/** The fifth bits of a block, bit `block` of 32 bytes. */
function fifthBits(view: DataView, at: number, block: number): number {
  let word = 0
  for (let i = 0; i < 8; i++) word |= joined(view.getInt32(at + 4 * i, true), block, 1) << (4 * i)
  return word
}

const layouts: Readonly<Record<string, Layout>> = {
  Q4_0: {
    format: '4 bits',
    halves: [0],
    greatest: power(13),
    word: (view, at, index) => (index === 0 ? centred(view, at, 3) : nibbles(view, at + 2, index - 1)),
  },
  Q4_1: {
    format: '4 bits',
    halves: [0, 2],
    word: (view, at, index) => (index === 0 ? view.getInt32(at, true) : nibbles(view, at + 4, index - 1)),
  },
  Q5_0: {
    format: '5 bits',
    halves: [0],
    greatest: power(12),
    word(view, at, index) {
      if (index === 0) return centred(view, at, 4)
      return index === 5 ? view.getInt32(at + 2, true) : nibbles(view, at + 6, index - 1)
    },
  },
  Q5_1: {
    format: '5 bits',
    halves: [0, 2],
    word(view, at, index) {
      if (index === 0) return view.getInt32(at, true)
      return index === 5 ? view.getInt32(at + 4, true) : nibbles(view, at + 8, index - 1)
    },
  },
  Q8_0: {
    format: '8 bits',
    halves: [0],
    word: (view, at, index) =>
      index === 0 ? view.getUint16(at, true) : view.getInt32(at + 2 + 4 * (index - 1), true),
  },
  Q4_K: {
    format: '4 bits, grouped',
    halves: [0, 2],
    word: (view, at, index) =>
      index < 5
        ? groupedScales(view, at, index)
        : groupedNibbles(view, at + 16, (index - 5) >> 2, (index - 5) & 3),
  },
  Q5_K: {
    format: '5 bits, grouped',
    halves: [0, 2],
    word(view, at, index) {
      if (index < 5) return groupedScales(view, at, index)
      const [block, word] = [Math.floor((index - 5) / 5), (index - 5) % 5]
      return word === 4 ? fifthBits(view, at + 16, block) : groupedNibbles(view, at + 48, block, word)
    },
  },
  Q6_K: {
    format: '6 bits',
    units: 8,
    halves: [208],
    word(view, at, index, unit) {
      if (index === 0)
        return view.getUint16(at + 208, true) | (view.getUint16(at + 192 + 2 * unit, true) << 16)
      const [upper, quarter] = [unit >> 2, unit & 3]
      if (index < 5)
        return nibblesOf(view, at + 64 * upper + 32 * (quarter & 1) + 8 * (index - 1), quarter < 2 ? 0 : 4)
      const from = at + 128 + 32 * upper + 16 * (index - 5)
      let word = 0
      for (let i = 0; i < 4; i++) word |= joined(view.getInt32(from + 4 * i, true), 2 * quarter, 2) << (8 * i)
      return word
    },
  },
}

/**
 * A matrix of a GGUF file as the kernels take it, see `interleaveBlocks`. Its values are the file's, exactly.
 *
 * @param bytes all of it
 * @param rowOf the file's row that becomes a row here; the same where left out
 * @returns undefined for a tensor that can't stay quantised: of another type or rank, of sizes that the blocks don't fill, or
 * with a scale that isn't finite
 */
export function quantisedOf(
  bytes: Uint8Array,
  { type, shape }: Pick<GgufTensor, 'type' | 'shape'>,
  rowOf: (row: number) => number = (row) => row,
): PlainTensor | undefined {
  const layout = layouts[type.name]
  if (!layout || shape.length !== 2) return undefined
  const [columns, depth] = shape
  const { format, word, units = 1 } = layout
  if (!fillsBlocks(format, columns, depth)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; at += type.bytes) if (!isUsable(layout, view, at)) return undefined
  const blocksOfRow = depth / type.values
  return interleaveBlocks({
    format,
    columns,
    depth,
    word(column, unit, index) {
      const block = rowOf(column) * blocksOfRow + Math.floor(unit / units)
      return word(view, block * type.bytes, index, unit % units)
    },
  })
}

/** Anything else is left to the way through float32, which tells what is wrong. */
function isUsable({ halves, greatest = infinite }: Layout, view: DataView, at: number): boolean {
  return halves.every((place, i) => {
    const magnitude = view.getUint16(at + place, true) & 0x7fff
    return magnitude < (i === 0 ? greatest : infinite)
  })
}
const infinite = 0x7c00
