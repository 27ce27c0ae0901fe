import { formatCount, formatDuration, UserError } from '@ttt-e2e/cli'
import type { Table } from '@ttt-e2e/report'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import { isRun, readRun, recentLoss, recentSpeed, type StoredRun } from './read-run'

/** Folders below the one that is given, at the most; a bench keeps its runs three below its own. */
const deepest = 4

/**
 * The runs in a folder and below it, those that wrote last first.
 *
 * @throws UserError where there is no such folder, or no run in it
 */
export function findRuns(folder: string): StoredRun[] {
  if (!isThere(folder))
    throw new UserError(`there is no folder '${folder}'; give the one that runs are in: runs FOLDER`)
  const found = runsBelow(folder, deepest).map(readRun)
  if (found.length === 0) throw new UserError(`there is no run in '${folder}'; --recipe NAME trains one`)
  return found.sort((a, b) => b.writtenAt - a.writtenAt)
}

function runsBelow(folder: string, depth: number): string[] {
  if (isRun(folder)) return [folder]
  if (depth === 0) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .flatMap(({ name }) => runsBelow(join(folder, name), depth - 1))
}

/** @param folder what their names are relative to @param now in seconds since 1970 */
export function runsTable(runs: readonly StoredRun[], folder: string, now: number): Table {
  return {
    title: `runs in ${folder}`,
    columns: ['run', 'state', 'step', 'loss', 'held-out', 'tokens/s', 'last wrote'],
    rows: runs.map((run) => {
      const { steps, info, heldOut, state, writtenAt } = run
      const planned = info?.recipe?.training.optimizer.schedule.steps
      const speed = recentSpeed(run)
      return [
        relative(folder, run.folder) || '.',
        state,
        `${steps.at(-1)?.step ?? 0}${planned === undefined ? '' : `/${planned}`}`,
        recentLoss(run)?.toFixed(3) ?? '',
        heldOut.at(-1)?.loss.toFixed(3) ?? '',
        speed === undefined ? '' : formatCount(speed),
        `${formatDuration(Math.max(0, now - writtenAt))} ago`,
      ]
    }),
    note: 'loss: mean of the last 20 steps; held-out: the last evaluation; nats per token. crashed: its process ended without a word, --resume goes on with it',
  }
}
