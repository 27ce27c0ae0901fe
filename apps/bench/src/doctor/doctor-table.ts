import { formatBytes } from '@ttt-e2e/cli'
import type { Table } from '@ttt-e2e/report'
import type { EngineReport } from './examine-engine'

type Report = EngineReport | { name: string; refused: string }

const runs = (report: Report): report is EngineReport => !('refused' in report)

/** A row for each engine. */
export function doctorTable(reports: readonly Report[]): Table {
  return {
    title: 'engines on this machine',
    columns: ['engine', 'runs on', 'products', 'GFLOP/s', 'worst error of an op', 'of'],
    rows: reports.map((report) => {
      if (!runs(report)) return [report.name, `doesn't run: ${report.refused}`, '', '', '', '']
      const { name, description, product, ops } = report
      const rate = (product.flopsPerSecond / 1e9).toPrecision(3)
      const [error, of] =
        typeof ops === 'string' ? ['failed', ''] : [ops.worst.error.toExponential(1), ops.worst.name]
      return [name, description, product.name.replace('product of ', ''), rate, error, of]
    }),
    note: 'relative errors of small cases of every op and of its gradients to the second, against the reference on cpu',
  }
}

/** What an engine's device allows, in a line. */
export function limitsOf(report: Report): string[] {
  if (!runs(report) || Object.keys(report.limits).length === 0) return []
  const shown = Object.entries(report.limits).map(([name, value]) =>
    /size$|memory/i.test(name) ? `${name} ${formatBytes(value)}` : `${name} ${value}`,
  )
  return [`limits of ${report.name}: ${shown.join(', ')}`]
}

/** Whether an engine's tiles were chosen for its adapter, in a line. */
export const tilesLine = (report: Report): string[] =>
  runs(report) && report.tiles !== undefined ? [`tiles of ${report.name}: ${report.tiles}`] : []

/** What is wrong with an engine that runs, in a sentence. */
export function problemsOf(report: Report): string[] {
  if (!runs(report)) return []
  const { name, ops } = report
  if (typeof ops === 'string') return [`WRONG ${name}: ${ops}`]
  const { error, limit, name: what } = ops.worst
  return error < limit
    ? []
    : [`WRONG ${name}: ${what} is off by ${error.toExponential(1)}, allowed ${limit.toExponential(0)}`]
}
