import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { ByteSource } from '@ttt-e2e/tensor-ops'

/** The SHA-256 of pieces of bytes one after another, in 64 hexadecimal digits; in pages without TLS too. */
export function sha256Of(pieces: Iterable<Uint8Array>): string {
  const hash = sha256.create()
  for (const piece of pieces) hash.update(piece)
  return bytesToHex(hash.digest())
}

/** Bytes read in one call where only their hash is wanted. */
const pieceLength = 2 ** 24

/** A file whose hash is formed on the way, as far as it is read in order. */
export function hashedWhileRead(file: ByteSource): { file: ByteSource; sha256(): Promise<string> } {
  const hash = sha256.create()
  let hashed = 0
  const read = async (start: number, end: number) => {
    const bytes = await file.read(start, end)
    if (start <= hashed && end > hashed) {
      hash.update(bytes.subarray(hashed - start))
      hashed = end
    }
    return bytes
  }
  return {
    file: { size: file.size, read },
    async sha256() {
      while (hashed < file.size) await read(hashed, Math.min(hashed + pieceLength, file.size))
      return bytesToHex(hash.clone().digest())
    },
  }
}
