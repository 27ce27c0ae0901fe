import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readWholeFile } from '@ttt-e2e/tensor-ops/files'
import { CheckpointError } from './checkpoint-error'
import type { Extensions } from './formats/format'
import { parseRunInfo } from './parse-run-info'
import { fileNames, type RunInfo } from './run-info'

/**
 * Reads a checkpoint folder's run.json.
 *
 * @throws CheckpointError listing everything in it that doesn't fit
 * @throws FileError if it can't be read
 */
export function readRunInfo(folder: string, extensions?: Extensions): RunInfo {
  const path = join(folder, fileNames.info)
  if (!existsSync(path)) throw new CheckpointError(folder, [`there is no ${fileNames.info}`])
  return parseRunInfo(readWholeFile(path).toString(), folder, extensions)
}
