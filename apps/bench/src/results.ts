import type { ModelSize } from '@ttt-e2e/baselines'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { Preset, TrainingPreset } from './presets'
import type { Shares } from './workers/share-out'

/** Everything that a run measured: what results.json holds and what the report is made from. */
export interface Results {
  schemaVersion: 1
  startedAt: string
  finishedAt: string
  /** Whether it was stopped before everything was measured. */
  interrupted: boolean
  options: {
    presetName: string
    preset: Preset
    systems: string[]
    seeds: number
    data?: string
    trained: boolean
    /** How the runs shared the machine. */
    shares: Shares
  }
  engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision' | 'line'>
  machine: Record<string, string | number>
  versions: Record<string, string>
  gitHash: string | null
  /** How systems are labelled "not converged". */
  convergenceRule: string
  tasks: TaskResults[]
}

export interface TaskResults {
  name: string
  title: string
  notes: string[]
  size: ModelSize
  training: TrainingPreset
  evaluation: { length: number; documents: string[] }
  ranges: IndexRange[]
  references: ReferenceResults[]
  systems: SystemResults[]
  /** TTT-E2E against each other system at the last range. */
  differences: Difference[]
}

/** Targets from index `from` up to, not including, `to`; target i is predicted after i + 1 tokens. */
export interface IndexRange {
  from: number
  to: number
}

export interface ReferenceResults {
  name: string
  detail: string
  /** Mean nats in each range. */
  loss: number[]
}

export interface SystemResults {
  name: string
  summary: string
  parameters: number
  /** The system that it reads with the weights of, where not its own. */
  weightsOf?: string
  /** One for each seed. */
  runs: RunResults[]
  /** Mean nats in each range over documents and seeds; absent where nothing was evaluated. */
  loss?: number[]
  evaluations: Evaluation[]
  readingSpeed?: ReadingSpeed[]
  kernels?: KernelShare
}

export interface RunResults {
  seed: number
  /** Steps taken and to be taken. */
  steps: number
  plannedSteps: number
  tokens: number
  /** Training time, over all the times it was taken up again. */
  seconds: number
  /** Loss of each step. */
  curve: number[]
  /** Whether it had converged by the rule, and what the rule saw. */
  converged: boolean
  verdict: string
  /** Live tensors and bytes of the engine after the second step of this process and after its last. */
  memory?: { first: Memory; last: Memory }
  /** Why it ended before its time. */
  failure?: string
}

export interface Memory {
  tensors: number
  bytes: number
}

export interface Evaluation {
  seed: number
  /** Mean nats of each document in each range [documents][ranges]. */
  perDocument: number[][]
}

export interface ReadingSpeed {
  context: number
  /** Median wall and CPU seconds to read 1000 tokens around this context. */
  secondsPer1000: number
  cpuSecondsPer1000: number
}

export interface KernelShare {
  /** Kernel calls of one training step, each counted once. */
  calls: number
  kernelSeconds: number
  stepSeconds: number
  /** Share of the kernel time that the engine spends in kernels of its own. */
  ownShare: number
  /** Slowest first. */
  slowest: { name: string; calls: number; seconds: number; own: boolean }[]
}

export interface Difference {
  system: string
  /** Nats of TTT-E2E less those of the system: negative where TTT-E2E is better. */
  mean: number
  /** 95 % interval; absent with fewer than two documents. */
  low?: number
  high?: number
  pairs: number
}
