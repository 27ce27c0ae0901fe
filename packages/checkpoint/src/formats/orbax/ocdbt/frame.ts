import { unpackZstd } from '@ttt-e2e/data'
import { crc32c } from '@ttt-e2e/tensor-ops'
import { Bytes, OcdbtProblem } from './bytes'

export const magics = { manifest: 0x0cdb3a2a, node: 0x0cdb20de } as const

/** Names and places don't shrink by more. */
const mostRatio = 1000
const leastMost = 2 ** 20

/**
 * The contents of a manifest or a node of a tree, without the header and the checksum around them.
 *
 * @throws OcdbtProblem for bytes that are none, or not those that were written
 */
export function unpackFrame(bytes: Uint8Array, kind: keyof typeof magics): Bytes {
  if (bytes.length < 18)
    throw new OcdbtProblem(`a ${kind} has at least 18 bytes, this one has ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0) !== magics[kind]) throw new OcdbtProblem(`it doesn't begin as a ${kind} of OCDBT`)
  const length = view.getBigUint64(4, true)
  if (length !== BigInt(bytes.length))
    throw new OcdbtProblem(`it claims to have ${length} bytes, and has ${bytes.length}`)
  const end = bytes.length - 4
  if (crc32c(bytes.subarray(0, end)) !== view.getUint32(end, true))
    throw new OcdbtProblem("its checksum (CRC-32C) isn't that of its bytes")
  const inner = new Bytes(bytes.subarray(12, end))
  const version = inner.number('its version')
  if (version !== 0) throw new OcdbtProblem(`it is of version ${version}; only 0 can be read`)
  const compression = inner.number('its compression')
  if (compression > 1)
    throw new OcdbtProblem(`its compression is ${compression}; known: 0 for none, 1 for zstd`)
  const body = inner.take(inner.left, 'its contents')
  if (compression === 0) return new Bytes(body)
  try {
    return new Bytes(unpackZstd(body, leastMost + mostRatio * body.length))
  } catch (error) {
    throw new OcdbtProblem((error as Error).message)
  }
}
