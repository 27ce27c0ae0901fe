import type { Progress } from '@ttt-e2e/cli'
import type { Communicator } from '@ttt-e2e/tensor-ops'
import type { Workload } from './workload'

/** What a person sees of the comparison, and how it is stopped. */
export interface Session {
  signal: AbortSignal
  progress: Progress
  workload: Workload
  /** Processes on one machine or several that share out the runs; the first one reports. */
  communicator: Communicator
}
