import { bytesOf, type WeightSource } from '@ttt-e2e/tensor-ops'
import { sha256Of } from '../sha256'

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
        digests.set(path, sha256Of([bytesOf(plain.values)]))
        return plain
      },
    },
    hash: async () => sha256Of([new TextEncoder().encode(JSON.stringify([...digests].sort()))]),
  }
}
