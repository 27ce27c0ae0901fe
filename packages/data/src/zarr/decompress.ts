import { crc32c } from '@ttt-e2e/tensor-ops'
import { unpackZstd } from './unpack-zstd'

/** Turns the bytes of a chunk into `expected` others, or throws what is wrong with them: never more than was expected. */
export type Decompress = (bytes: Uint8Array, expected: number) => Uint8Array | Promise<Uint8Array>

/** Compressions of zarr by their names. What a chunk's own header claims is held against the array's before it is believed. */
export const decompressions: Readonly<Record<string, Decompress>> = {
  async blosc(bytes, expected) {
    if (bytes.length < 16) throw new Error(`blosc data has at least 16 bytes, these are ${bytes.length}`)
    claims('blosc', at(bytes, 4), expected)
    if (at(bytes, 12) !== bytes.length)
      throw new Error(`its blosc data claims ${at(bytes, 12)} bytes, there are ${bytes.length}`)
    const { default: Blosc } = await import('numcodecs/blosc')
    return Blosc.fromConfig({ id: 'blosc' }).decode(bytes)
  },
  async lz4(bytes, expected) {
    if (bytes.length < 4) throw new Error(`lz4 data has at least 4 bytes, these are ${bytes.length}`)
    claims('lz4', at(bytes, 0), expected)
    const { default: Lz4 } = await import('numcodecs/lz4')
    return Lz4.fromConfig({ id: 'lz4' }).decode(bytes)
  },
  zstd: unpackZstd,
  gzip: (bytes, expected) => inflated(bytes, expected, 'gzip'),
  zlib: (bytes, expected) => inflated(bytes, expected, 'deflate'),
  crc32c(bytes) {
    const end = bytes.length - 4
    if (end < 0 || crc32c(bytes.subarray(0, end)) !== at(bytes, end))
      throw new Error("its checksum (CRC-32C) isn't that of its bytes")
    return bytes.subarray(0, end)
  },
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const at = (bytes: Uint8Array, offset: number) => viewOf(bytes).getUint32(offset, true)

function claims(name: string, claimed: number, expected: number): void {
  if (claimed !== expected) throw new Error(`its ${name} data claims to be ${claimed} bytes, not ${expected}`)
}

async function inflated(bytes: Uint8Array, expected: number, format: CompressionFormat): Promise<Uint8Array> {
  const whole = new Uint8Array(expected)
  let count = 0
  const pieces = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream(format))
  const reader = pieces.getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    if (count + piece.value.length > expected) {
      await reader.cancel()
      throw new Error(`its ${format} data is more than ${expected} bytes`)
    }
    whole.set(piece.value, count)
    count += piece.value.length
  }
  return whole.subarray(0, count)
}
