import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { ByteSource } from '@ttt-e2e/tensor-ops'

interface Sha256 {
  update(piece: Uint8Array): void
  /** 64 hexadecimal digits of all pieces so far. */
  digits(): string
}

/** Node takes less than 2 GiB at a time. */
const mostAtOnce = 2 ** 30

const crypto = typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:crypto')

/** Node's own, ten times as fast as JavaScript; a page's own takes no pieces, and is there with TLS alone. */
function startSha256(): Sha256 {
  if (crypto) {
    const hash = crypto.createHash('sha256')
    return {
      update(piece) {
        for (let from = 0; from < piece.length; from += mostAtOnce)
          hash.update(piece.subarray(from, from + mostAtOnce))
      },
      digits: () => hash.copy().digest('hex'),
    }
  }
  const hash = sha256.create()
  return { update: (piece) => void hash.update(piece), digits: () => bytesToHex(hash.clone().digest()) }
}

/** The SHA-256 of pieces of bytes one after another, in 64 hexadecimal digits. */
export function sha256Of(pieces: Iterable<Uint8Array>): string {
  const hash = startSha256()
  for (const piece of pieces) hash.update(piece)
  return hash.digits()
}

/** Bytes read in one call where only their hash is wanted. */
const pieceLength = 2 ** 24

/** A file whose hash is formed on the way, as far as it is read in order. */
export function hashedWhileRead(file: ByteSource): { file: ByteSource; sha256(): Promise<string> } {
  const hash = startSha256()
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
      return hash.digits()
    },
  }
}
