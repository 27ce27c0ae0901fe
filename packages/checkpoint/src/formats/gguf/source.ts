import { type ByteSource, type WeightSource } from '@ttt-e2e/tensor-ops'
import { dequantise } from './dequantise'
import type { GgufHeader } from './header'

/** The tensors of a GGUF file as float32, each read and dequantised when it is asked for. */
export const ggufSource = (file: ByteSource, { tensors, problems }: GgufHeader): WeightSource => ({
  shapes: new Map([...tensors].map(([name, { shape, type }]) => [name, { shape, dtype: type.name }])),
  problems,
  async read(name) {
    const { shape, type, place } = tensors.get(name)!
    const count = shape.reduce((a, b) => a * b, 1)
    return { shape: [...shape], values: dequantise(type.name, await file.read(...place), count) }
  },
})
