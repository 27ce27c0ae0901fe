import type { Speed } from '../timing/measurement'
import type { SpeedRecord } from '../timing/record'
import type { GpuOptions } from './options'

/** What came of a part. */
export interface Outcome {
  name: string
  /** Why there are no numbers, in a sentence. */
  skipped?: string
  /** What `--json` wrote. */
  record?: SpeedRecord<Speed>
  /** What it printed, where that is all. */
  printed?: string
  /** What it says of peers that it could not run. */
  remarks?: string[]
}

/** All that was measured into a folder. */
export interface GpuResults {
  schemaVersion: 1
  /** As its driver calls it, where that tells. */
  card?: string
  startedAt?: string
  finishedAt?: string
  /** Of the last call. */
  options?: GpuOptions
  outcomes: Outcome[]
}
