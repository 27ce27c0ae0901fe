import { createSystem } from '@ttt-e2e/baselines'
import { publishedSizes } from '@ttt-e2e/swa-transformer'
import { countFlops, countStateBytes } from '@ttt-e2e/ttt-inner'

/** NVIDIA's numbers of an H100 SXM: dense products in bf16, and its memory. */
const flopsPerSecond = 989e12
const bytesPerSecond = 3.35e12

/** The share of those products that is reached: an assumption, usual for large models, not fitted. */
export const utilisation = 0.45

const bytesOfWeight = 2
/** Of a weight that learns, in f32: read and written once a chunk, and its gradient as well. */
const bytesOfStep = 16

export interface Prediction {
  size: '125m' | '3b'
  system: string
  context: number
  /** Milliseconds to read 1000 tokens of a text of that length, the mean over it. */
  reading: number
  /** Milliseconds to decode one token after it. */
  decoding: number
}

const predictedSizes = ['125m', '3b'] as const
export const predictedSystems = ['ttt-e2e', 'full-attention', 'swa'] as const

/** 8K to 2M. */
export const predictedContexts = Array.from({ length: 9 }, (_, i) => 8192 * 2 ** i)

/**
 * What counts of operations and bytes say of an H100: the time of the products or that of the memory, whichever is
 * longer. A text is read by itself, a token decoded by itself: all weights and the state are read for it.
 */
export const predictions = (): Prediction[] =>
  predictedSizes.flatMap((size) =>
    predictedSystems.flatMap((name) => {
      const system = createSystem(name, publishedSizes[size])
      const { hiddenSize, intermediateSize, suffixBlocks } = system.decoder.config
      const learning = system.rule ? 3 * hiddenSize * intermediateSize * suffixBlocks : 0
      const weights = bytesOfWeight * system.decoder.parameterCount
      return predictedContexts.map((context): Prediction => {
        const { reading, decoding } = countFlops(system, context)
        const seconds = (flops: number, bytes: number) =>
          Math.max(flops / (utilisation * flopsPerSecond), bytes / bytesPerSecond)
        const step = (learning * bytesOfStep) / (system.rule?.chunk ?? 1)
        // State in bf16, but for what learns; it counts bytes in f32.
        const state = (countStateBytes(system, context) - 4 * learning) / 2 + 4 * learning
        return {
          size,
          system: name,
          context,
          reading: 1000 * seconds(1000 * reading, 1000 * step + weights),
          decoding: 1000 * seconds(decoding, weights + state),
        }
      })
    }),
  )
