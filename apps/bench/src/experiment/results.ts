import type { Recipe } from '@ttt-e2e/meta-outer'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { IndexRange } from '@ttt-e2e/training'
import type { Seeds } from './description'
import type { Preset, UntilConverged } from './presets'
import type { Shares } from './workers/share-out'

/** Everything that an experiment measured: what results.json holds and what the report is made from. */
export interface Results {
  schemaVersion: 2
  startedAt: string
  finishedAt: string
  /** Whether it was stopped before everything was measured. */
  interrupted: boolean
  options: Seeds & {
    presetName: string
    preset: Preset
    systems: string[]
    data?: string
    trained: boolean
    /** The probes that were asked, with their sizes. */
    probes: Record<string, object>
    /** How the runs shared the machine. */
    shares: Shares
  }
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision' | 'line'>
  machine: Record<string, string | number>
  versions: Record<string, string>
  gitHash: string | null
  /** The runs whose measurements these are, where there were several. */
  mergedFrom?: Origin[]
  /** How systems are labelled "not converged". */
  convergenceRule: string
  tasks: TaskResults[]
}

/** What measurements were made with, where and when. */
export interface Origin extends Pick<
  Results,
  'engine' | 'machine' | 'versions' | 'gitHash' | 'startedAt' | 'finishedAt'
> {
  shares: Shares
}

export interface TaskResults {
  name: string
  title: string
  notes: string[]
  /** Of every run, but for its system and seed. */
  recipe: Recipe
  untilConverged?: UntilConverged
  given?: GivenResults
  /** The documents that were read, by name. */
  heldOut: string[]
  ranges: IndexRange[]
  /** Tokens from the window to a document's length, doubling. */
  contexts: number[]
  references: ReferenceResults[]
  systems: SystemResults[]
  /** What was measured, by the name of the probe; absent where it measured nothing. */
  probes: Record<string, ProbeResults>
}

/** A model that was read with as it was given. */
export interface GivenResults {
  /** What it is called among the systems: the others are set against it. */
  name: string
  path: string
  /** Tokens of the sequences that it was trained on, where that is known. */
  trainingLength?: number
  tokenizer: string
  /** Of the text that was predicted of each held-out document, where it is text. */
  bytes?: number[]
}

export interface ReferenceResults {
  name: string
  detail: string
  /** Mean nats in each range. */
  loss: number[]
  /** Mean nats of the first tokens, for each of the contexts. */
  byContext: number[]
}

export interface SystemResults {
  name: string
  summary: string
  parameters: number
  /** The system that it reads with the weights of, where not its own. */
  weightsOf?: string
  /** That its weights are trained by, and where it is from; absent of a given model. */
  peakLearningRate?: number
  rateSource?: string
}

/** What a probe measured of one system, and of one run where it needs trained ones. */
export interface Measurement<Measured = unknown> {
  system: string
  seed?: number
  value: Measured
}

export interface ProbeResults<Measured = unknown, Summary = unknown> {
  /** In the order of the systems, then of the seeds. */
  measured: Measurement<Measured>[]
  summary: Summary
}
