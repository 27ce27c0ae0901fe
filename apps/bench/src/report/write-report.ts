import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { join } from 'node:path'
import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { formatHtml } from './html'

export const reportPaths = (out: string) => ({
  results: join(out, 'results.json'),
  report: join(out, 'report.html'),
})

/** Writes results.json and report.html. @throws FileError if the file system refuses */
export function writeReport(out: string, results: Results, probes: readonly Probe[]): void {
  results.finishedAt = new Date().toISOString()
  const paths = reportPaths(out)
  writeFileDurably(paths.results, `${JSON.stringify(results, null, 1)}\n`)
  writeFileDurably(paths.report, formatHtml(results, probes))
}
