import type { Architecture } from '@ttt-e2e/swa-transformer'
import type { Mixers, SystemDefinition } from '@ttt-e2e/baselines'
import type { Tokenizer, TokenizerMaker, TokenizerRecord } from '@ttt-e2e/data'
import type { Recipe } from '@ttt-e2e/meta-outer'
import type { WeightSource } from '@ttt-e2e/tensor-ops'
import type { ModelFolder } from '../folders/model-folder'

/** A way in which models are stored. A new one is a folder beside this file and a line in `index.ts`, or given to `loadModel`. */
export interface Format {
  name: string
  /** Whether this is a model of this format; looks at no more than it needs to tell. */
  recognises(folder: ModelFolder): Promise<boolean>
  /** Opens it: reads what it is, and no weights yet. @throws CheckpointError listing everything that is wrong with it */
  open(folder: ModelFolder, extensions: Extensions): Promise<StoredModel>
}

/** What comes from outside, by name; each goes before what is registered under the same name. */
export interface Extensions {
  mixers?: Mixers
  tokenizers?: Readonly<Record<string, TokenizerMaker>>
  /** For runs that were saved without their architecture. */
  systems?: Readonly<Record<string, SystemDefinition>>
  /** Whether weights that are quantised in the file stay so where the engine can multiply by them; for whoever only reads. */
  keepQuantised?: boolean
  /** What a checkpoint is a model of that says nothing of itself but its weights, as the authors'. */
  recipe?: Pick<Recipe, 'system' | 'size'>
}

/** A model as it lies there. */
export interface StoredModel {
  architecture: Architecture
  /** By the paths of our parameters: a format of other names and layouts turns them on the way. */
  weights: WeightSource
  /** What to call the weights in errors, e.g. `model.safetensors`. */
  weightsFile: string
  /** Bytes that the weights take there, so that no nonsense is allocated for them. */
  bytes: number
  tokenizer: TokenizerRecord | Tokenizer
  documentsBeginWithBos: boolean
  /** What no other weights have: memories belong to it. SHA-256 of the weights' file in our own format; a
   * function where it is known once all weights were read. */
  hash: string | (() => Promise<string>)
  /** How it was trained, where that is known. */
  recipe?: Recipe
  /** Sentences about what became of the weights, once all were read. */
  notes?(): string[]
  /** What is wrong with the weights' file as a whole, once it was read: that it isn't the one that was saved. */
  verify?(): Promise<string[]>
}
