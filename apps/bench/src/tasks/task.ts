import type { ModelSize } from '@ttt-e2e/baselines'
import type { Batch } from '@ttt-e2e/meta-outer'
import type { ReadingPreset, TrainingPreset } from '../presets'

/** What a predictor that is known by counting, not trained, loses on the evaluation documents. */
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

/** Something to learn and to be measured on, for every system alike. */
export interface Task {
  /** Also the name of its folder. */
  name: string
  title: string
  size: ModelSize
  training: TrainingPreset
  reading: ReadingPreset
  /** Held-out documents of length + 1 tokens each. */
  evaluation: { length: number; ids: string[]; documents: Int32Array[] }
  /** A token that nobody is asked to predict. */
  bosToken?: number
  /** Batches for training from a position on; the same for every system of one seed. */
  stream(options: { seed: number; cursor?: unknown; signal?: AbortSignal }): AsyncIterable<Batch>
  references: Reference[]
  /** Where the task knows it. */
  knownLosses?(systemName: string): KnownLosses
  /** Everything about the data that a training run depends on. */
  data: Record<string, string | number>
  /** Sentences that a reader of the results must know. */
  notes: string[]
}
