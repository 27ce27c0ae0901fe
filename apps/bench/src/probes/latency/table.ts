import { formatBytes } from '@ttt-e2e/cli'
import type { Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { subjectOf } from '../loss-by-index/summarise'
import { predictedContexts, predictions, utilisation } from './h100'
import type { LatencyMeasured } from './measure'
import { publishedContexts, type LatencySummary, type SystemLatency } from './summarise'

/** Reading, decoding and bytes against context; what follows from the fits; and what is counted for an H100. */
export function latencyTables(
  { summary }: ProbeResults<LatencyMeasured, LatencySummary>,
  task: TaskResults,
): Table[] {
  const { contexts, systems } = summary
  const { window } = task.recipe.size
  const byContext = (title: string, of: (system: SystemLatency) => string[], note?: string): Table => ({
    title,
    columns: ['system', ...contexts.map(String)],
    rows: Object.entries(systems).map(([name, system]) => [name, ...of(system)]),
    ...(note !== undefined && { note }),
  })
  return [
    byContext(
      'seconds per 1000 tokens read, by context length',
      ({ reading }) => reading.map((seconds) => seconds.toPrecision(3)),
      `one sequence, 64 tokens at a time, wall-time medians; up to ${contexts.at(-1)! / window} × the window; ` +
        (task.given
          ? 'random tokens'
          : `a system that reads with another's weights takes the time of the one with its architecture`),
    ),
    byContext(
      'milliseconds per token decoded, by context length',
      ({ decoding }) => decoding.map((seconds) => (1000 * seconds).toPrecision(3)),
      'one sequence, one token at a time, its steps of learning among them',
    ),
    byContext('state, by context length', ({ stateBytes }) => stateBytes.map(formatBytes)),
    fitTable(summary, subjectOf(task)),
    ...(task.name === 'languages' || task.given ? [] : [h100Table()]),
  ]
}

function fitTable({ contexts, systems, comparisons }: LatencySummary, subject: string): Table {
  const of = (name: string) => comparisons.find(({ system }) => system === name)
  const lengths = comparisons.some(({ extrapolated }) => extrapolated.length > 0) ? publishedContexts : []
  return {
    title: 'fits of reading: seconds per 1000 tokens = a + c · context',
    columns: [
      'system',
      'a',
      'c, per 1K of context',
      'R²',
      'constant',
      'change over all',
      `crossover with ${subject}`,
      `÷ ${subject} at ${contexts.at(-1)}`,
      ...lengths.map((length) => `extrapolated to ${length / 1024}K`),
    ],
    rows: Object.entries(systems).map(([name, { fit }]) => {
      const comparison = of(name)
      return [
        name,
        fit.a.toPrecision(3),
        (1024 * fit.c).toPrecision(2) +
          (fit.low === undefined
            ? ''
            : ` (${(1024 * fit.low).toPrecision(2)} to ${(1024 * fit.high!).toPrecision(2)})`),
        fit.explained.toFixed(2),
        fit.constant.toPrecision(3),
        `${(100 * fit.change).toFixed(0)} %`,
        comparison?.crossover === undefined ? '–' : String(Math.round(comparison.crossover)),
        comparison ? comparison.ratio.toFixed(2) : '–',
        ...lengths.map((_, i) => comparison?.extrapolated[i]?.ratio.toFixed(1) ?? '–'),
      ]
    }),
    note: 'least squares through the medians; crossover and extrapolation where the line rises and R² is at least 0.9; in brackets the 95 % interval of a bootstrap over repeats; extrapolated: by the fits, far beyond what was measured',
  }
}

function h100Table(): Table {
  const shown = [0, 4, 8].map((i) => predictedContexts[i])
  const all = predictions()
  const groups = [...new Set(all.map(({ size, system }) => `${size} ${system}`))]
  return {
    title: 'predicted for one H100 by counting operations and bytes (not measured)',
    columns: [
      'size and system',
      ...shown.map((context) => `ms per 1000 tokens read, ${context / 1024}K`),
      ...shown.map((context) => `ms per token decoded, ${context / 1024}K`),
    ],
    rows: groups.map((group) => {
      const at = shown.map((context) =>
        all.find((each) => `${each.size} ${each.system}` === group && each.context === context)!,
      )
      return [
        group,
        ...at.map(({ reading }) => reading.toPrecision(3)),
        ...at.map(({ decoding }) => decoding.toPrecision(3)),
      ]
    }),
    note: `the longer of products at ${100 * utilisation} % of 989 TFLOP/s, an assumption that is not fitted, and of memory at 3.35 TB/s; weights and caches in bf16, weights that learn in f32; one text by itself`,
  }
}
