import type { Architecture, Decoder, DecoderParams } from '@ttt-e2e/swa-transformer'

/** How a model learns while it reads (paper §2): one step of SGD on its prime MLPs after every chunk. */
export interface LearningRule {
  /** Tokens b that are predicted before one step is taken. */
  chunk: number
  /** Learning rate η of the inner step, before any warm-up. */
  rate: number
  /** The inner gradient's norm, over one sequence's fast weights together, is clipped to this. */
  maxNorm: number
  /**
   * The share of the way back to W₀ that each step goes before its gradient's: W_i = W_{i−1} + decay · (W₀ − W_{i−1}) −
   * η clip(g). From 0, none, to 1; 0 where left out, as the paper has it. What was learned fades by half in ln 2 / decay steps.
   */
  decay?: number
}

/** A model as it is trained and read with: a decoder and, where it learns, a rule. */
export interface System {
  name: string
  decoder: Decoder
  rule?: LearningRule
  /** The chunk of the loss's mean for a system without a rule; a rule's is its own. The whole sequence where left out. */
  lossChunk?: number
  /** What it was built from, and is built from again where it is loaded; absent where a mixer of it has no name. */
  architecture?: Architecture
}

/** Tokens in a chunk of the loss of a sequence of `length`. */
export const lossChunkOf = (system: System, length: number): number =>
  system.rule?.chunk ?? system.lossChunk ?? length

export type Params = DecoderParams
