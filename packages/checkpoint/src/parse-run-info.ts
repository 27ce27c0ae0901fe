import { problemsOf } from '@ttt-e2e/baselines'
import { CheckpointError } from './checkpoint-error'
import type { Extensions } from './formats/format'
import { fileNames, runInfoSchema, type RunInfo } from './run-info'
import { runInfoSchemaV1, upgradeV1 } from './run-info-v1'

/**
 * Reads a run.json, of this version or the one before.
 *
 * @param folder what to call the place in errors
 * @throws CheckpointError listing everything in it that doesn't fit
 */
export function parseRunInfo(text: string, folder: string, { systems }: Extensions = {}): RunInfo {
  const json = parse(text)
  if (json === undefined) throw new CheckpointError(folder, [`${fileNames.info} is not JSON`])
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion
  if (typeof version === 'number' && version !== 1 && version !== 2)
    throw new CheckpointError(folder, [
      `its schema version is ${version}, this release reads version 1 and 2`,
    ])
  const result = version === 1 ? runInfoSchemaV1.safeParse(json) : runInfoSchema.safeParse(json)
  if (!result.success)
    throw new CheckpointError(
      folder,
      problemsOf(result.error).map((problem) => `${fileNames.info}: ${problem}`),
    )
  if (result.data.schemaVersion === 2) return result.data
  try {
    return upgradeV1(result.data, systems)
  } catch (error) {
    throw new CheckpointError(folder, [(error as Error).message])
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
