import { UserError } from '@ttt-e2e/cli'
import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdownOf } from './markdown'
import type { GpuResults } from './outcome'

/** What earlier calls left in the folder. @throws UserError where that is something else */
export function readResults(folder: string): GpuResults {
  const path = join(folder, 'results.json')
  if (!existsSync(path)) return { schemaVersion: 1, outcomes: [] }
  try {
    const results = JSON.parse(readFileSync(path, 'utf8')) as GpuResults
    if (results.schemaVersion === 1 && Array.isArray(results.outcomes)) return results
  } catch {
    // It is told below.
  }
  throw new UserError(`${path} is not what this command wrote; give --out another folder`)
}

/** @throws FileError */
export function writeResults(folder: string, results: GpuResults): void {
  writeFileDurably(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`)
  writeFileDurably(join(folder, 'results.md'), markdownOf(results))
}
