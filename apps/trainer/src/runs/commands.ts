import { formatTable } from '@ttt-e2e/report'
import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { compareRuns } from './compare-runs'
import { findRuns, runsTable } from './list-runs'
import { readRun } from './read-run'

/** @throws UserError where there is no run in the folder */
export function printRuns(folder: string): void {
  process.stdout.write(`${formatTable(runsTable(findRuns(folder), folder, Date.now() / 1000))}\n`)
}

/** @param html where it is written as a page too @throws UserError for a folder that holds no run; FileError */
export async function printComparison(a: string, b: string, html?: string): Promise<void> {
  const [first, second] = [a, b].map(readRun)
  process.stdout.write(`${compareRuns(first, second).map(formatTable).join('\n\n')}\n`)
  if (html === undefined) return
  const { comparisonPage } = await import('../report/run-page')
  writeFileDurably(html, comparisonPage(first, second))
  process.stdout.write(`\nthe curves of both are in ${html}\n`)
}
