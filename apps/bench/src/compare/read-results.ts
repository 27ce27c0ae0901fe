import { UserError } from '@ttt-e2e/cli'
import { isThere, readWholeFile } from '@ttt-e2e/tensor-ops/files'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Results } from '../experiment/results'

/**
 * What a run measured.
 *
 * @param path its results.json, or its folder
 * @throws UserError if there is none
 */
export function readResults(path: string): Results {
  const file =
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, 'results.json') : path
  if (!isThere(file))
    throw new UserError(`there is no file '${file}'; give the results.json of a run, or its folder`)
  let found: Partial<Results> | undefined
  try {
    found = JSON.parse(readWholeFile(file).toString()) as Partial<Results>
  } catch {
    // Said below, as of one of another form.
  }
  if (found?.schemaVersion !== 2 || !Array.isArray(found.tasks))
    throw new UserError(
      `'${file}' holds no results of the bench; give the results.json of a run, or its folder`,
    )
  return found as Results
}
