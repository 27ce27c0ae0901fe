import type { EngineOptions } from '@ttt-e2e/tensor-ops'
import type { Comparison } from '../compare/comparison'
import type { MeasuredRun, RunWork } from '../compare/run-work'
import type { TaskOptions } from '../options'
import type { RunDescription } from '../run-description'

/** What a worker process measures runs with: the same engine and the same tasks as the process that started it. */
export interface WorkerSetup {
  engine: string
  engineOptions: EngineOptions
  description: RunDescription
  taskOptions: TaskOptions
  comparison: Comparison
}

export type MessageToWorker =
  { kind: 'setup'; setup: WorkerSetup } | { kind: 'measure'; work: RunWork } | { kind: 'stop' }

export type MessageFromWorker =
  | { kind: 'print'; line: string }
  | { kind: 'update'; doing: string; piece: string; left: number }
  | { kind: 'measured'; measured: MeasuredRun | undefined }
  | { kind: 'failed'; name: string; message: string; stack?: string }
