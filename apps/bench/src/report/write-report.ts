import { csvOf, type Table } from '@ttt-e2e/report'
import { makeFolder, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { join } from 'node:path'
import type { Results } from '../experiment/results'
import type { Probe } from '../probes/probe'
import { comparisonTable } from './comparison-table'
import { comparisonCsv, csvName } from './csv-name'
import { formatHtml } from './html'
import { reportsOf } from './report-probes'

export const reportPaths = (out: string) => ({
  results: join(out, 'results.json'),
  report: join(out, 'report.html'),
  csv: join(out, 'csv'),
})

/** Writes results.json, report.html and the tables as CSV in a folder of theirs. @throws FileError if the file system refuses */
export function writeReport(out: string, results: Results, probes: readonly Probe[]): void {
  results.finishedAt = new Date().toISOString()
  const paths = reportPaths(out)
  writeFileDurably(paths.results, `${JSON.stringify(results, null, 1)}\n`)
  writeFileDurably(paths.report, formatHtml(results, probes))
  makeFolder(paths.csv)
  const writeCsv = (name: string, table: Table) => writeFileDurably(join(paths.csv, name), csvOf(table))
  for (const task of results.tasks) {
    for (const table of comparisonTable(task)) writeCsv(comparisonCsv(task.name), table)
    for (const { probe, tables } of reportsOf(task, probes))
      for (const [place, table] of tables.entries()) writeCsv(csvName(task.name, probe.name, place), table)
  }
}
