import type { RopeScaling } from '@ttt-e2e/kernels/ops'
import type { PrimeMlp } from './decoder'

/** A mixer by the name that it is registered under, and what is special about it: window, key heads, widths, … */
export interface MixerRecord {
  readonly name: string
  readonly options?: object
}

/** What a model is: all that a block of it can be, as JSON. Whoever has it and the weights needs no recipe. */
export interface Architecture {
  /** What a model built like this is called, e.g. `ttt-e2e`. */
  system: string
  vocabularySize: number
  hiddenSize: number
  heads: number
  layers: number
  /** Repeated over the layers. */
  mixers: readonly MixerRecord[]
  /** Hidden width of each MLP; 0 for blocks without one. */
  intermediateSize: number
  /** How many of the last blocks have a prime MLP beside their own. */
  suffixBlocks: number
  /** What those are; of the same width as the blocks' own, before them, where left out. */
  prime?: PrimeMlp
  /** How the prime MLPs learn while the model reads; null where they don't. */
  rule: {
    readonly chunk: number
    readonly rate: number
    readonly maxNorm: number
    readonly decay?: number
  } | null
  /** Tokens over which a loss is averaged first, without a rule; null for all of a sequence. */
  lossChunk: number | null
  rope: { readonly base: number; readonly scaling: RopeScaling | null }
  normEpsilon: number
  /** Whether a norm follows each sublayer too. */
  postNorms: boolean
  /** Taps of a causal depthwise convolution before each mixer; 0 for none. */
  preConv: number
  /** Whether the linear layers of the blocks' own MLPs add a bias; mixers say it of theirs in their options. */
  biases: boolean
  /** Whether the output head has weights of its own, not the embedding's. */
  untiedHead: boolean
}
