import type { ModelSize } from '@ttt-e2e/swa-transformer'
import type { Optimizer } from './optimizer'
import type { TrainedPart } from './trained-part'

/** Where the tokens of a run come from. */
export type DataRecipe =
  /** The public-domain books of two npm packages; `heldOutEvery` n holds out each n-th long document, 10 if absent. */
  | { kind: 'books'; rows: RowsRecipe; heldOutEvery?: number }
  /** Bigram languages: each document has its own table of equally likely followers. */
  | { kind: 'languages'; successors: number }
  /** Needles in haystacks: what stands somewhere in a document is asked for later (S-NIAH in small). */
  | { kind: 'needle' }
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

/** How a model is made of one that was pretrained without learning while it reads. */
export interface WarmStartRecipe {
  /** The pretrained model: a folder or a file of any format that models are read from. */
  from: string
  /** What no other weights have; empty before they were read. */
  hash: string
  /** `zero-output`: prime MLPs of their own, which add nothing at first. `split`: units of the blocks' own MLPs. */
  prime: 'zero-output' | 'split'
  /** Their hidden width. */
  primeWidth: number
  /** What w1 and w3 of those of their own start as: the blocks' own first units, or drawn. */
  primeWeights: 'own' | 'random'
  /** How many of a text's first tokens every token sees beside its window. */
  keepFirst: number
  /** How far away they are: as in the cache, or in the text. */
  keptPositions: 'cache' | 'text'
}

/**
 * Short sequences first: they double until they are as long as the recipe says, each length for an equal share of the first
 * `steps` steps. A step has as many tokens at every length.
 */
export interface Curriculum {
  /** Targets of the first sequences at the least: as often as the full length can be halved. */
  shortest: number
  /** Steps until the sequences have their full length. */
  steps: number
}

/** Everything that a training run depends on, as JSON; it goes into every checkpoint. Named `<size>/<stage>`. */
export interface Recipe {
  name: string
  summary: string
  /** The name of a system of the registry. */
  system: string
  size: ModelSize
  /** Where the weights begin with a pretrained model's, whose sizes are then those of `size`; drawn where left out. */
  warmStart?: WarmStartRecipe
  data: DataRecipe
  training: {
    /** Targets of a sequence. */
    length: number
    /** Sequences per step. */
    batch: number
    /** Shorter sequences at first, as many more of them; all of `length` where left out. */
    curriculum?: Curriculum
    /**
     * Sequences that are computed at once, and their gradients summed up over those of a step (gradient accumulation): the
     * same step but for rounding, in less memory. All of them where left out.
     */
    microBatch?: number
    /** What is trained; all where left out. */
    trains?: TrainedPart
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
