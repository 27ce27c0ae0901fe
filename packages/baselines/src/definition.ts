import type { Architecture, MixerKind, MixerRecord, ModelSize } from '@ttt-e2e/swa-transformer'
import type { Mixers } from './mixers'

/** How a system of the comparison is built, and what it is in a few words. */
export interface SystemDefinition {
  summary: string
  /**
   * The pattern of mixers, repeated over the layers: by name, from the registry or from `mixers` below. One without a
   * name can be trained with, but not be saved.
   *
   * @param width the knob's, for a system whose mixers it is the width of
   */
  pattern: (size: ModelSize, width: number) => (MixerRecord | MixerKind)[]
  /** Mixers of its own, by name. */
  mixers?: Mixers
  /** The width that is set so that every system has as many parameters. */
  knob: Knob
  /** How its blocks differ from the paper's recipe: norms before and after each sublayer with ε 1e-6, no convolution. */
  blocks?: Partial<Pick<Architecture, 'postNorms' | 'preConv' | 'normEpsilon'>>
  /** Layers, where they are not the size's. */
  layers?: (size: ModelSize) => number
  /** Whether the last blocks have a prime MLP beside their own; every MLP is then narrower. */
  primes?: boolean
  /** Whether the prime MLPs learn while reading. */
  learns?: boolean
  /** What the hidden size must be a multiple of for its mixers' widths to be whole. */
  hiddenSizeStep?: (size: ModelSize) => number
  /** The system whose trained weights this one reads with: it is not trained itself. */
  weightsOf?: string
}

export interface Knob {
  /** What is as wide. Where it is the MLPs, the width is theirs; of a system whose mixers it is there are no MLPs. */
  of: 'MLPs' | 'mixers'
  /** The width at a size; where left out, the round number that comes closest to full attention's count. */
  width?: (size: ModelSize) => number
}

/** A definition with the name that it is known by. */
export type NamedDefinition = SystemDefinition & { name: string }
