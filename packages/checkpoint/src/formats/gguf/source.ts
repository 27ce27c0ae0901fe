import type { ByteSource, PlainTensor, WeightSource } from '@ttt-e2e/tensor-ops'
import { sha256Of } from '../../sha256'
import { dequantise } from './dequantise'
import type { GgufHeader } from './header'
import { quantisedOf } from './quantised'

/** The tensors of a GGUF file. */
export interface GgufSource {
  /** As float32, each read and dequantised when it is asked for. */
  weights: WeightSource
  /** One as the kernels multiply by it; undefined where it can't stay quantised. */
  quantised(name: string, rowOf?: (row: number) => number): Promise<PlainTensor | undefined>
  /** Of the bytes of all tensors that were read, whatever became of them. */
  hash(): Promise<string>
}

export function ggufSource(file: ByteSource, { tensors, problems }: GgufHeader): GgufSource {
  const digests = new Map<string, string>()
  const read = async (name: string) => {
    const bytes = await file.read(...tensors.get(name)!.place)
    if (!digests.has(name)) digests.set(name, sha256Of([bytes]))
    return bytes
  }
  return {
    weights: {
      shapes: new Map([...tensors].map(([name, { shape, type }]) => [name, { shape, dtype: type.name }])),
      problems,
      async read(name) {
        const { shape, type } = tensors.get(name)!
        const count = shape.reduce((a, b) => a * b, 1)
        return { shape: [...shape], values: dequantise(type.name, await read(name), count) }
      },
    },
    quantised: async (name, rowOf) => quantisedOf(await read(name), tensors.get(name)!, rowOf),
    hash: async () => sha256Of([new TextEncoder().encode(JSON.stringify([...digests].sort()))]),
  }
}
