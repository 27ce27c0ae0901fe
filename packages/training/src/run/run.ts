import type { DataRecord } from '@ttt-e2e/checkpoint'
import type { Tokenizer } from '@ttt-e2e/data'
import type { Recipe, RunState } from '@ttt-e2e/meta-outer'
import type { Precision } from '@ttt-e2e/tensor-ops'
import type { System } from '@ttt-e2e/ttt-inner'

/** A run that is about to begin or to go on. The caller disposes its state. */
export interface Run {
  /** Where its checkpoints and metrics are. */
  folder: string
  recipe: Recipe
  system: System
  state: RunState
  precision: Precision
  /** The text that it was saved with. */
  data?: DataRecord
  /** The tokenizer of a model that began with a pretrained one; the recipe's where left out. */
  tokenizer?: Tokenizer
  /** Whether such a model met BOS at the beginning of documents. */
  documentsBeginWithBos?: boolean
}
