import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError } from './checkpoint-error'
import { problemsOf } from './recipe-schema'
import { fileNames, runInfoSchema, type RunInfo } from './run-info'

/**
 * Reads a checkpoint folder's run.json.
 *
 * @throws CheckpointError listing everything in it that doesn't fit
 */
export function readRunInfo(folder: string): RunInfo {
  const path = join(folder, fileNames.info)
  if (!existsSync(path)) throw new CheckpointError(folder, [`there is no ${fileNames.info}`])
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new CheckpointError(folder, [`${fileNames.info} is not JSON`])
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion
  if (typeof version === 'number' && version !== 1)
    throw new CheckpointError(folder, [`its schema version is ${version}, this release reads version 1`])
  const result = runInfoSchema.safeParse(json)
  if (!result.success)
    throw new CheckpointError(
      folder,
      problemsOf(result.error).map((problem) => `${fileNames.info}: ${problem}`),
    )
  const info = result.data as RunInfo
  if (info.system !== info.recipe.system)
    throw new CheckpointError(folder, [
      `${fileNames.info}: the system is '${info.system}', its recipe's '${info.recipe.system}'`,
    ])
  return info
}
