import { float16Values } from '@ttt-e2e/tensor-ops'

/** Fills the values of one block. Products and sums are rounded to float32 one by one, as the gguf library does. */
type Block = (bytes: Uint8Array, at: number, values: Float32Array, to: number) => void

/**
 * The values of whole blocks in float32. The layouts are those of ggml's `block_q4_0` to `block_q6_K`.
 *
 * @param bytes the blocks, the receiver's own
 */
export function dequantise(
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
  count: number,
): Float32Array<ArrayBuffer> {
  if (type === 'F32') return new Float32Array(bytes.buffer)
  if (type === 'F16') return float16Values(new Uint16Array(bytes.buffer))
  const values = new Float32Array(count)
  if (type === 'BF16') {
    const words = new Uint32Array(values.buffer)
    new Uint16Array(bytes.buffer).forEach((half, i) => (words[i] = half << 16))
    return values
  }
  const [width, block] = blocks[type]
  const size = (bytes.length * width) / count
  for (let at = 0, to = 0; to < count; at += size, to += width) block(bytes, at, values, to)
  return values
}

const half = (bytes: Uint8Array, at: number): number => halves[bytes[at] | (bytes[at + 1] << 8)]
const halves = float16Values(Uint16Array.from({ length: 65_536 }, (_, bits) => bits))
const signed = (byte: number): number => (byte << 24) >> 24
const { fround } = Math

/** A block of 32 with a bit more for each value than a nibble, or without. @param header bytes before the nibbles */
const nibbles =
  (header: number, hasMinimum: boolean, fifthBitAt?: number): Block =>
  (bytes, at, values, to) => {
    const scale = half(bytes, at)
    const minimum = hasMinimum ? half(bytes, at + 2) : 0
    const centre = hasMinimum ? 0 : fifthBitAt === undefined ? 8 : 16
    for (let i = 0; i < 32; i++) {
      const byte = bytes[at + header + (i % 16)]
      let q = i < 16 ? byte & 15 : byte >> 4
      if (fifthBitAt !== undefined) q |= ((bytes[at + fifthBitAt + (i >> 3)] >> (i & 7)) & 1) << 4
      values[to + i] = hasMinimum ? fround(scale * q) + minimum : scale * (q - centre)
    }
  }

const q80: Block = (bytes, at, values, to) => {
  const scale = half(bytes, at)
  for (let i = 0; i < 32; i++) values[to + i] = scale * signed(bytes[at + 2 + i])
}

/** 256 values in eight groups, each with a scale and a minimum of six bits. @param highAt where fifth bits are; 0 for none */
const groupsOf256 =
  (nibblesAt: number, highAt: number): Block =>
  (bytes, at, values, to) => {
    const scale = half(bytes, at)
    const minimum = half(bytes, at + 2)
    const packed = (i: number) => bytes[at + 4 + i]
    for (let group = 0; group < 8; group++) {
      const early = group < 4
      const sixBits = early ? packed(group) & 63 : (packed(group + 4) & 15) | ((packed(group - 4) >> 6) << 4)
      const minimumBits = early
        ? packed(group + 4) & 63
        : (packed(group + 4) >> 4) | ((packed(group) >> 6) << 4)
      const d = fround(scale * sixBits)
      const m = fround(minimum * minimumBits)
      for (let i = 0; i < 32; i++) {
        const byte = bytes[at + nibblesAt + 32 * (group >> 1) + i]
        let q = group % 2 === 0 ? byte & 15 : byte >> 4
        if (highAt > 0) q |= ((bytes[at + highAt + i] >> group) & 1) << 4
        values[to + 32 * group + i] = fround(d * q) - m
      }
    }
  }

const q6k: Block = (bytes, at, values, to) => {
  const scale = half(bytes, at + 208)
  for (let i = 0; i < 256; i++) {
    const [upper, quarter, l] = [i >> 7, (i >> 5) & 3, i & 31]
    const low = bytes[at + 64 * upper + 32 * (quarter & 1) + l]
    const high = bytes[at + 128 + 32 * upper + l]
    const q = (quarter < 2 ? low & 15 : low >> 4) | (((high >> (2 * quarter)) & 3) << 4)
    const d = fround(scale * signed(bytes[at + 192 + 8 * upper + 2 * quarter + (l >> 4)]))
    values[to + i] = d * (q - 32)
  }
}

/** Values in a block, and what reads one. */
const blocks: Record<string, [number, Block]> = {
  Q4_0: [32, nibbles(2, false)],
  Q4_1: [32, nibbles(4, true)],
  Q5_0: [32, nibbles(6, false, 2)],
  Q5_1: [32, nibbles(8, true, 4)],
  Q8_0: [32, q80],
  Q4_K: [256, groupsOf256(16, 0)],
  Q5_K: [256, groupsOf256(48, 16)],
  Q6_K: [256, q6k],
}
