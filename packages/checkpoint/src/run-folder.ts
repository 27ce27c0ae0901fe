import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  asFileError,
  FileError,
  removeFolder,
  writeFolderDurably,
  writerOf,
  type WriteFile,
} from '@ttt-e2e/tensor-ops/files'
import { CheckpointError } from './checkpoint-error'
import { hashOfFile } from './folders/folder-on-disk'
import { readRunInfo } from './read-run-info'
import { fileNames } from './run-info'

const checkpointsOf = (run: string) => join(run, 'checkpoints')

interface Named {
  name: string
  step: number
  /** Counts the checkpoints of one step: a run that was resumed saves it again. */
  again: number
}

/** The checkpoints of a run in the order in which they were reached; names only, nothing is read. @throws FileError */
export function listCheckpoints(run: string): string[] {
  return named(run).map(({ name }) => join(checkpointsOf(run), name))
}

function named(run: string): Named[] {
  if (!isFolder(checkpointsOf(run))) return []
  return namesIn(checkpointsOf(run))
    .flatMap((name) => {
      const found = /^step-(\d+)(?:\.(\d+))?$/.exec(name)
      return found ? [{ name, step: Number(found[1]), again: Number(found[2] ?? 1) }] : []
    })
    .sort((a, b) => a.step - b.step || a.again - b.again)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw asFileError(error, { path: folder, attempt: 'read' })
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    // ENOTDIR: the run would be below a file. Whoever writes to it is told so.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw asFileError(error, { path, attempt: 'read' })
  }
}

/** Where a run's checkpoint of this step goes: `checkpoints/step-000120`, with `.2` if there is one already. */
export function newCheckpointPath(run: string, step: number): string {
  const before = named(run).filter((each) => each.step === step)
  const again = before.length === 0 ? '' : `.${before[before.length - 1].again + 1}`
  return join(checkpointsOf(run), `step-${String(step).padStart(6, '0')}${again}`)
}

/**
 * Writes a checkpoint's files and puts them in their place, then removes what the run no longer needs. Killed at any moment, it leaves
 * the checkpoint before, this one, or both.
 *
 * @param path from `newCheckpointPath`
 * @param fill writes the files
 * @param onLeft told of what the run no longer needs and could not be removed: the checkpoint is in its place all the same
 * @throws FileError if the checkpoint can't be written
 */
export async function placeCheckpoint(
  run: string,
  path: string,
  fill: (write: WriteFile) => Promise<void>,
  onLeft: (reason: string) => void = console.warn,
): Promise<void> {
  await writeFolderDurably(path, fill)
  try {
    tidyCheckpoints(run, path, onLeft)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    onLeft(`older checkpoints than '${path}' are left: ${error.message}`)
  }
}

/**
 * Makes room for one more checkpoint where there is none: of those that a run has, only the newest good one stays.
 *
 * @returns whether anything was removed
 * @throws CheckpointError if all are damaged
 */
export function makeRoom(run: string): boolean {
  const paths = listCheckpoints(run)
  if (paths.length < 2) return false
  const { path: newest } = latestCheckpoint(run)!
  return paths.filter((path) => path !== newest && isRemoved(path, () => {})).length > 0
}

function isRemoved(path: string, onLeft: (reason: string) => void): boolean {
  try {
    removeFolder(path)
    return true
  } catch (error) {
    const known = asFileError(error, { path })
    if (!(known instanceof FileError)) throw known
    onLeft(`'${path}' is no longer needed and can't be removed: ${known.reason}`)
    return false
  }
}

/**
 * Removes what a run no longer needs once `newest` is in place: all checkpoints but it and the one before it, those
 * further on too (a course that was given up), and what writers that are gone left unfinished.
 */
function tidyCheckpoints(run: string, newest: string, onLeft: (reason: string) => void): void {
  const paths = listCheckpoints(run)
  const place = paths.indexOf(newest)
  paths.forEach((path, i) => {
    if (i !== place && i !== place - 1) isRemoved(path, onLeft)
  })
  for (const name of namesIn(checkpointsOf(run))) {
    const writer = writerOf(name)
    if (writer !== undefined && writer !== process.pid && !isRunning(writer))
      isRemoved(join(checkpointsOf(run), name), onLeft)
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A run's newest checkpoint whose files are whole, and why newer ones were passed over. */
export interface LatestCheckpoint {
  path: string
  skipped: CheckpointError[]
}

/**
 * Finds a run's newest checkpoint that isn't damaged: its run.json is sound and its files are those that were saved.
 *
 * @returns undefined if the run has no checkpoints yet
 * @throws CheckpointError if it has some and all are damaged
 */
export function latestCheckpoint(run: string): LatestCheckpoint | undefined {
  const skipped: CheckpointError[] = []
  for (const path of listCheckpoints(run).toReversed()) {
    try {
      const { files } = readRunInfo(path)
      const problems = Object.entries(files).flatMap(([kind, saved]) => {
        if (saved === null) return []
        const name = fileNames[kind as keyof typeof files]
        if (!existsSync(join(path, name))) return [`${name} is missing`]
        const whole = hashOfFile(join(path, name)) === saved.sha256
        return whole ? [] : [`${name} is not the file that was saved (its hash differs)`]
      })
      if (problems.length > 0) throw new CheckpointError(path, problems)
      return { path, skipped }
    } catch (error) {
      const known = asFileError(error, { path })
      if (known instanceof CheckpointError) skipped.push(known)
      // One that can't be read is as good as damaged.
      else if (known instanceof FileError) skipped.push(new CheckpointError(path, [known.message]))
      else throw known
    }
  }
  if (skipped.length === 0) return undefined
  throw new CheckpointError(
    run,
    skipped.map(({ message }) => message),
  )
}
