import type { ModelSize } from '@ttt-e2e/swa-transformer'
import type { Optimizer } from './train-step'

/** Where the tokens of a run come from. */
export type DataRecipe =
  /** The public-domain books of two npm packages, as bytes. */
  | { kind: 'books'; rows: RowsRecipe }
  /** Bigram languages: each document has its own table of equally likely followers. */
  | { kind: 'languages'; successors: number }
  /** The user's own text as bytes: a file or a folder; `textField` holds it in files of many documents, `text` if absent. */
  | { kind: 'text'; path: string; rows: RowsRecipe; textField?: string }
  /**
   * The user's own tokens: a folder of zarr with `train` and `val`. `seed` is the authors' data seed, which orders them
   * whatever the run's own seed is; targets equal to `bosToken` don't count; `tokenizer` is whose tokens they are.
   */
  | { kind: 'tokens'; path: string; seed: number; bosToken?: number; tokenizer: TokensTokenizer }

/** Whose tokens an array has: those of Llama 3, or of one that isn't known here. */
export type TokensTokenizer = 'llama-3' | 'none'

/**
 * What a sequence of a batch is. `windows`: cut from one document, so that documents shorter than it are never met.
 * `packed`: whole documents one after another, which know nothing of each other.
 */
export type RowsRecipe = 'windows' | 'packed'

/** Everything that a training run depends on, as JSON; it goes into every checkpoint. Named `<size>/<stage>`. */
export interface Recipe {
  name: string
  summary: string
  /** The name of a system of the registry. */
  system: string
  size: ModelSize
  data: DataRecipe
  training: {
    /** Targets of a sequence. */
    length: number
    /** Sequences per step. */
    batch: number
    optimizer: Optimizer
    seed: number
  }
  evaluation: {
    /** Held-out documents, at the most. */
    documents: number
    /** Tokens read of each. */
    length: number
    /** Steps between two evaluations. */
    every: number
  }
}
