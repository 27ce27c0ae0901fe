import { listCheckpoints, readRunInfo } from '@ttt-e2e/checkpoint'
import { UserError } from '@ttt-e2e/cli'
import { folderLock, isThere } from '@ttt-e2e/tensor-ops/files'
import { MetricsFile, type HeldOutLine, type MetricsLine, type StepLine } from '@ttt-e2e/training'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { speedOf } from '../report/series'

/**
 * How a run stands. `running`: a process has its folder. `crashed`: one ended without a word. `failed`: its numbers were not
 * finite. `stopped`: it was told to, and is saved.
 */
export type RunState = 'running' | 'done' | 'stopped' | 'failed' | 'crashed'

/** A run as its folder tells of it. */
export interface StoredRun {
  folder: string
  state: RunState
  lines: MetricsLine[]
  steps: StepLine[]
  heldOut: HeldOutLine[]
  /** Of its newest checkpoint; undefined before the first. */
  info?: ReturnType<typeof readRunInfo>
  /** When it last wrote its metrics, in seconds since 1970. */
  writtenAt: number
}

/** Whether a folder is a run's. */
export const isRun = (folder: string) => isThere(metricsOf(folder))

const metricsOf = (folder: string) => join(folder, 'metrics.jsonl')

/** Reads what a run folder says, without its tensors. @throws UserError for a folder that is none; FileError */
export function readRun(folder: string): StoredRun {
  if (!isRun(folder))
    throw new UserError(`'${folder}' holds no run: it has no metrics.jsonl; give the folder of one`)
  const lines = new MetricsFile(folder, false).lines()
  const info = newestInfo(folder)
  return {
    folder,
    state: stateOf(folder, lines, info?.recipe?.training.optimizer.schedule.steps),
    lines,
    steps: lines.filter((line) => line.kind === 'step'),
    heldOut: lines.filter((line) => line.kind === 'held-out'),
    ...(info && { info }),
    writtenAt: statSync(metricsOf(folder)).mtimeMs / 1000,
  }
}

/** Of the newest checkpoint that can be read. */
function newestInfo(folder: string): StoredRun['info'] {
  for (const path of listCheckpoints(folder).toReversed())
    try {
      return readRunInfo(path)
    } catch {
      // An older one tells of the same run.
    }
  return undefined
}

function stateOf(folder: string, lines: readonly MetricsLine[], planned?: number): RunState {
  const lock = folderLock(folder)
  if (lock === 'held') return 'running'
  if (lock === 'dead') return 'crashed'
  if (lines.some(({ kind }) => kind === 'failed')) return 'failed'
  return planned !== undefined && (lines.at(-1)?.step ?? 0) >= planned ? 'done' : 'stopped'
}

/** Steps whose mean stands for what a run does now. */
const recentSteps = 20

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length

/** Mean loss of the last steps, nats per token; undefined before the first. */
export const recentLoss = ({ steps }: StoredRun): number | undefined =>
  steps.length === 0 ? undefined : mean(steps.slice(-recentSteps).map(({ loss }) => loss))

/** Tokens per second of the last steps. */
export function recentSpeed({ steps }: StoredRun): number | undefined {
  const speeds = steps.slice(-recentSteps).flatMap((step) => speedOf(step) ?? [])
  // Their harmonic mean: all tokens through all seconds.
  return speeds.length === 0 ? undefined : 1 / mean(speeds.map((speed) => 1 / speed))
}
