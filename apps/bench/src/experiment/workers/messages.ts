import type { EngineOptions } from '@ttt-e2e/tensor-ops'
import type { Comparison } from '../comparison'
import type { ExperimentDescription } from '../description'
import type { TaskOptions } from '../options'
import type { MeasuredRun, RunWork } from '../run-work'

/** What a worker process measures runs with: the same engine and the same tasks as the process that started it. */
export interface WorkerSetup {
  engine: string
  engineOptions: EngineOptions
  description: ExperimentDescription
  taskOptions: TaskOptions
  comparison: Comparison
  /** Modules of probes beside the bench's own. */
  probes?: string[]
}

export type MessageToWorker =
  { kind: 'setup'; setup: WorkerSetup } | { kind: 'measure'; work: RunWork } | { kind: 'stop' }

/** One that failed `forPeople` was asked for something that can't be had: a sentence is enough. */
export type MessageFromWorker =
  | { kind: 'print'; line: string }
  | { kind: 'update'; doing: string; piece: string; left: number }
  | { kind: 'measured'; measured: MeasuredRun | undefined }
  | { kind: 'failed'; forPeople: boolean; name: string; message: string; stack?: string }
