import type { SpeedSizeName } from '../sizes'

/** A training step whose memory is measured in a process of its own. */
export interface StepWork {
  size: SpeedSizeName
  system: string
  /** Tokens of the sequence and of a chunk. */
  length: number
  chunk: number
  engine: string
  threads?: number
  holds: Holds
  /** One after another; the first makes the programs that later ones replay. */
  steps: number
}

/**
 * What the walk holds: over the borders of chunks all that is carried, or as little as it can, and no tapes; what it holds
 * where nothing is said; or what the bytes of the process leave it.
 */
export type Holds = 'all' | 'least' | 'standard' | number

/** What it took. */
export interface StepTaken {
  /** Bytes of the process at its fullest before the steps and after them. */
  before: number
  peak: number
  /** Processor time of the last step, all threads, and by the clock. */
  cpuSeconds: number
  seconds: number
}
