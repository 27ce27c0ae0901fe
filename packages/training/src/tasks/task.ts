import type { DataRecord } from '@ttt-e2e/checkpoint'
import type { Document } from '@ttt-e2e/data'
import type { Batch } from '@ttt-e2e/meta-outer'

/** What a predictor that is known by counting, not trained, loses on the held-out documents. */
export interface Reference {
  name: string
  detail: string
  /** Nats for each document's targets [documents][length]. */
  losses: ArrayLike<number>[]
}

/** Where a system's training loss lies between knowing nothing and the best that its architecture allows. */
export interface KnownLosses {
  /** Nats of a predictor that knows nothing. */
  uninformed: number
  /** Mean nats over a training sequence of the best possible predictor that sees as much as the system. */
  best: number
}

/** Something to learn and to be measured on: the opened data of a recipe, the same for every system and seed. */
export interface Task {
  /** What it is, as a heading. */
  title: string
  /** What its data is, in a few words. */
  summary: string
  /**
   * Batches from a position on.
   *
   * @param options.seed the data's, of `seedsOf`
   * @param options.batch sequences of each, `length` their targets; the recipe's where left out
   * @param options.rows those of each batch that are given out; all where left out
   */
  stream(options: {
    seed: number
    batch?: number
    length?: number
    cursor?: unknown
    signal?: AbortSignal
    rows?: { from: number; to: number }
  }): AsyncIterable<Batch>
  /** Documents of evaluation.length + 1 tokens each, to be read from their beginning. */
  heldOut: Document<Int32Array>[]
  /** A token that nobody is asked to predict. */
  bosToken?: number
  /** What is known of the losses without training; counted when it is asked for. */
  references(): Reference[]
  /** Where the task knows it. */
  knownLosses?(systemName: string): KnownLosses
  /** Everything about the data that a training run depends on and its recipe doesn't say. */
  fingerprint(): Record<string, string | number>
  /** What tells its text from any other; undefined where the recipe makes the data up. */
  record?(): DataRecord
  /** Sentences that a reader of results must know. */
  notes: string[]
}
