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
  /** What the walk holds over the borders of chunks: all that is carried, or as little as it can. */
  holds: 'all' | 'least'
}

/** What it took. */
export interface StepTaken {
  /** Bytes of the process at its fullest before the steps and after them. */
  before: number
  peak: number
  /** Processor time of the second step, all threads. */
  cpuSeconds: number
}
