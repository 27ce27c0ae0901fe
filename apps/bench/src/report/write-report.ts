import { writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { join } from 'node:path'
import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { formatHtml } from './html'
import { formatResults } from './text'

/** Writes results.json and report.html. @returns where, and the report for a terminal */
export function writeReport(
  out: string,
  results: Results,
  probes: readonly Probe[],
): { results: string; report: string; text: string } {
  results.finishedAt = new Date().toISOString()
  const paths = { results: join(out, 'results.json'), report: join(out, 'report.html') }
  writeFileDurably(paths.results, `${JSON.stringify(results, null, 1)}\n`)
  writeFileDurably(paths.report, formatHtml(results, probes))
  return { ...paths, text: formatResults(results, probes) }
}
