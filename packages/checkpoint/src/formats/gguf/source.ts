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
  /** What of those that were asked for couldn't stay quantised. */
  notes(): string[]
  /** Of the bytes of all tensors that were read, whatever became of them. */
  hash(): Promise<string>
}

export function ggufSource(file: ByteSource, { tensors, problems }: GgufHeader): GgufSource {
  const digests = new Map<string, string>()
  const expanded: string[] = []
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
    async quantised(name, rowOf) {
      const tensor = tensors.get(name)!
      const { shape, type } = tensor
      if (type.values === 1) return undefined
      const blocks = quantisedOf(await read(name), tensor, rowOf)
      if (!blocks) expanded.push(`'${name}' (${type.name}, [${shape.join(', ')}])`)
      return blocks
    },
    notes: () =>
      expanded.length === 0
        ? []
        : [
            `${expanded.length} of the quantised tensors became float32, as their sizes or scales are none that products take: ${listed(expanded)}`,
          ],
    hash: async () => sha256Of([new TextEncoder().encode(JSON.stringify([...digests].sort()))]),
  }
}

function listed(names: readonly string[], shown = 4): string {
  const more = names.length > shown ? ` and ${names.length - shown} more` : ''
  return `${names.slice(0, shown).join(', ')}${more}`
}
