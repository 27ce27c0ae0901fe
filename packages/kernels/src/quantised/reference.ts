import { float16Values, tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import {
  blockColumns,
  blockDepth,
  formatOfWords,
  quantisedFormats,
  type QuantisedFormatName,
} from './formats'

/** Words that stand together, by their number. */
type Words = (index: number) => number

/** What a block's values are made of. */
interface Block {
  /** By the half of the block. */
  scales: readonly [number, number]
  minimum: number
  /** The whole number of a value. */
  q(place: number): number
}

const halfOf = (word: number) => float16Values(Uint16Array.of(word))[0]
const signedByte = (word: number, shift: number) => (word << (24 - shift)) >> 24
const { fround } = Math

/** The lowest four bits of a value. @param first of the block's words of them */
const nibble = (words: Words, first: number, place: number) =>
  (words(first + (place >> 3)) >>> (4 * (place & 7))) & 15
const fifthBit = (words: Words, at: number, place: number) => ((words(at) >>> place) & 1) << 4

const single = (words: Words, q: Block['q']): Block => {
  const scale = halfOf(words(0))
  return { scales: [scale, scale], minimum: halfOf(words(0) >>> 16), q }
}

const grouped = (words: Words, block: number, q: Block['q']): Block => {
  const six = words(1 + (block >> 1)) >>> (16 * (block & 1))
  const scale = fround(halfOf(words(0)) * (six & 63))
  return { scales: [scale, scale], minimum: -fround(halfOf(words(0) >>> 16) * ((six >> 6) & 63)), q }
}

/** How a block of each format is read: one of those that stand together. */
const readers: Record<QuantisedFormatName, (words: Words, block: number) => Block> = {
  '4 bits': (words) => single(words, (place) => nibble(words, 1, place)),
  '5 bits': (words) => single(words, (place) => nibble(words, 1, place) | fifthBit(words, 5, place)),
  '6 bits': (words) => {
    const scale = halfOf(words(0))
    const high = (place: number) => (words(5 + (place >> 4)) >>> (2 * (place & 15))) & 3
    return {
      scales: [fround(scale * signedByte(words(0), 16)), fround(scale * signedByte(words(0), 24))],
      minimum: 0,
      q: (place) => (nibble(words, 1, place) | (high(place) << 4)) - 32,
    }
  },
  '8 bits': (words) => single(words, (place) => signedByte(words(1 + (place >> 2)), 8 * (place & 3))),
  '4 bits, grouped': (words, block) => grouped(words, block, (place) => nibble(words, 5 + 4 * block, place)),
  '5 bits, grouped': (words, block) =>
    grouped(
      words,
      block,
      (place) => nibble(words, 5 + 5 * block, place) | fifthBit(words, 9 + 5 * block, place),
    ),
}

/** The matrix in float32, [columns, depth]. Reads its words at once: only engines without a kernel come here. */
export function dequantised(weight: Tensor): Tensor {
  const [groups, units, words] = weight.shape
  const format = formatOfWords(words)!
  const { depth: together } = quantisedFormats[format]
  const [columns, depth] = [groups * blockColumns, units * together]
  const packed = weight.dataSync<'int32'>()
  const values = new Float32Array(columns * depth)
  for (let column = 0; column < columns; column++)
    for (let unit = 0; unit < units; unit++) {
      const group = Math.floor(column / blockColumns) * units + unit
      const first = group * words * blockColumns + (column % blockColumns)
      for (let block = 0; block < together / blockDepth; block++) {
        const { scales, minimum, q } = readers[format]((i) => packed[first + i * blockColumns], block)
        const to = column * depth + unit * together + block * blockDepth
        for (let k = 0; k < blockDepth; k++) values[to + k] = fround(scales[k >> 4] * q(k)) + minimum
      }
    }
  return tf.tensor2d(values, [columns, depth])
}

export function quantisedLinearReference({ x, weight }: Tensors): Tensors {
  const matrix = dequantised(weight)
  const [columns, depth] = matrix.shape
  const product = tf.matMul(tf.reshape(x, [x.size / depth, depth]), matrix, false, true)
  return { y: tf.reshape(product, [...x.shape.slice(0, -1), columns]) }
}

export const quantisedRowsReference = ({ weight, indices }: Tensors): Tensors => ({
  rows: tf.gather(dequantised(weight), indices as never),
})
