import { Decompress } from 'fzstd'
import { joined } from '../joined'

/** The largest window that a level of zstd takes by itself. */
const usualWindow = 2 ** 23

/**
 * Unpacks zstd data, of which no more is made than `most` bytes, whatever it claims.
 *
 * @throws an Error that goes on after what it is about: `its zstd data …`
 */
export function unpackZstd(bytes: Uint8Array, most: number): Uint8Array {
  const claimed = claimedSize(bytes, most)
  const pieces: Uint8Array[] = []
  let count = 0
  const decompress = new Decompress((piece) => {
    count += piece.length
    if (count > most) throw new Error(`its zstd data is more than ${most} bytes`)
    pieces.push(piece)
  })
  decompress.push(bytes, true)
  if (claimed !== undefined && claimed !== count)
    throw new Error(`its zstd data claims to be ${claimed} bytes and is ${count}`)
  return joined(pieces)
}

/** What a frame's header (RFC 8878, 3.1.1) says of its contents; windows are made as large as it says. */
function claimedSize(bytes: Uint8Array, most: number): number | undefined {
  const magic = [0x28, 0xb5, 0x2f, 0xfd]
  if (bytes.length < 6 || magic.some((byte, i) => bytes[i] !== byte)) throw new Error('it is not zstd data')
  const descriptor = bytes[4]
  const isSingle = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]
  const sizeAt = 5 + (isSingle ? 0 : 1) + dictionaryBytes
  if (bytes.length < sizeAt + sizeBytes) throw new Error('its zstd data is cut off')
  const window = isSingle ? 0 : 2 ** (10 + (bytes[5] >> 3)) * (1 + (bytes[5] & 7) / 8)
  if (window > Math.max(usualWindow, 2 * most))
    throw new Error(`its zstd data claims a window of ${window} bytes for ${most}`)
  if (sizeBytes === 0) return undefined
  let size = sizeBytes === 2 ? 256 : 0
  for (let i = 0; i < sizeBytes; i++) size += bytes[sizeAt + i] * 2 ** (8 * i)
  if (size > most) throw new Error(`its zstd data claims to be ${size} bytes, more than ${most}`)
  return size
}
