import type { WeightSource } from '@ttt-e2e/tensor-ops'

/** The weights, and a hash of all once they were read. */
export function hashedWhileRead({ shapes, read }: WeightSource): {
  weights: WeightSource
  hash(): Promise<string>
} {
  const digests = new Map<string, string>()
  return {
    weights: {
      shapes,
      async read(path) {
        const plain = await read(path)
        digests.set(path, await sha256Of(plain.values as Float32Array<ArrayBuffer>))
        return plain
      },
    },
    hash: () => sha256Of(new TextEncoder().encode(JSON.stringify([...digests].sort()))),
  }
}

/** 64 hexadecimal digits. */
async function sha256Of(bytes: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
