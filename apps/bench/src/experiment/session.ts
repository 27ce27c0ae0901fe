import type { Progress } from '@ttt-e2e/cli'
import type { Workload } from './workload'

/** What a person sees of the comparison, and how it is stopped. */
export interface Session {
  signal: AbortSignal
  progress: Progress
  workload: Workload
}
