import { join } from 'node:path'
import { writeFileAtomically } from '../atomic-file'
import type { Results } from '../results'
import { formatHtml } from './html'
import { formatResults } from './text'

/** Writes results.json and report.html. @returns where, and the report for a terminal */
export function writeReport(
  out: string,
  results: Results,
): { results: string; report: string; text: string } {
  results.finishedAt = new Date().toISOString()
  const paths = { results: join(out, 'results.json'), report: join(out, 'report.html') }
  writeFileAtomically(paths.results, `${JSON.stringify(results, null, 1)}\n`)
  writeFileAtomically(paths.report, formatHtml(results))
  return { ...paths, text: formatResults(results) }
}
