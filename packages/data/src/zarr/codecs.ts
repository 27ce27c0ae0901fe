import { registry } from 'zarrita'
import { decompressions, type Decompress } from './decompress'
import { valueBytes } from './array-metadata'

type Codec = Awaited<ReturnType<NonNullable<ReturnType<typeof registry.get>>>>
type Meta = Parameters<Codec['fromConfig']>[1]

/** Has zarrita decompress with what holds every claim against the array's own sizes. */
export function registerDecompressions(): void {
  for (const [name, decompress] of Object.entries(decompressions))
    for (const known of [name, `numcodecs.${name}`])
      registry.set(known, async () => codecOf(name, decompress))
}

const checksumBytes = 4

function codecOf(name: string, decompress: Decompress): Codec {
  const isChecksum = name === 'crc32c'
  return {
    kind: 'bytes_to_bytes',
    fromConfig: (_, meta) => ({
      kind: 'bytes_to_bytes',
      encode() {
        throw new Error('arrays are only read')
      },
      async decode(bytes) {
        const expected = bytesBefore(name, meta)
        const whole = await decompress(bytes, expected)
        if (whole.length !== expected)
          throw new Error(`it unpacks to ${whole.length} bytes; the array's chunks have ${expected}`)
        return whole
      },
      computeEncodedSize: (size) => size + (isChecksum ? checksumBytes : 0),
    }),
  }
}

/** What a chunk has before this codec: its values, and the checksums of codecs before. */
function bytesBefore(name: string, { dataType, shape, codecs }: Meta): number {
  const names = codecs.map((codec) => codec.name.replace('numcodecs.', ''))
  const checksums = names.slice(0, names.indexOf(name)).filter((before) => before === 'crc32c').length
  return shape.reduce((a, b) => a * b, 1) * valueBytes(dataType) + checksums * checksumBytes
}
