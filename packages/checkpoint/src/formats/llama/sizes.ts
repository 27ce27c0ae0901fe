import type { RopeScaling } from '@ttt-e2e/kernels/ops'

/** What a model of the Llama family is, whatever the format that says so. */
export interface LlamaSizes {
  vocabularySize: number
  hiddenSize: number
  intermediateSize: number
  heads: number
  keyHeads: number
  headWidth: number
  /** Each layer's window; 0 for none. */
  windows: readonly number[]
  qkNorm: boolean
  attentionBiases?: 'inputs' | 'all'
  mlpBiases: boolean
  rope: { base: number; scaling: RopeScaling | null }
  normEpsilon: number
  tied: boolean
}
