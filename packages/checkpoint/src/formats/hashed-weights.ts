import type { WeightSource } from '@ttt-e2e/tensor-ops'
import { sha256Of } from './published-weights'

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
