import type { Precision, ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { Provenance } from '../provenance'
import type { Seeds } from './description'

/** What stays the same over all runs, as plain data: it is sent to worker processes. */
export interface Comparison extends Seeds {
  /** Every system's weights' own system is among them. */
  systems: string[]
  /** Where trained runs are stored: one folder for each task, in it one for each system. */
  store: string
  /** Whether to train what isn't trained yet, or only to read with what is stored. */
  train: boolean
  precision: Precision
  /** Where measurements are kept. */
  measured: string
  /** Sizes of the probes that are asked, by their names. */
  sizes: Record<string, object>
  /** What it is trained with, for the record. */
  provenance: Provenance & { engine: Pick<ResolvedEngine, 'name' | 'description' | 'precision' | 'line'> }
}
