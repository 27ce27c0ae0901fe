import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { join } from 'node:path'
import { readRun } from '../runs/read-run'

/**
 * Writes the report of the run in a folder as it stands, beside its metrics.
 *
 * @returns where it is
 * @throws UserError for a folder that holds no run; FileError if the file system refuses
 */
export async function writeRunReport(folder: string): Promise<string> {
  // What draws takes a while to load.
  const { runPage } = await import('./run-page')
  const path = join(folder, 'report.html')
  writeFileDurably(path, runPage(readRun(folder)))
  return path
}
