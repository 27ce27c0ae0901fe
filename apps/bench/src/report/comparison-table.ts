import { formatBytes } from '@ttt-e2e/cli'
import type { Table } from '@ttt-e2e/report'
import type { TaskResults } from '../experiment/results'
import { latency } from '../probes/latency'
import { lossByIndex } from '../probes/loss-by-index'
import { rangeNames } from '../probes/loss-by-index/range-names'
import { resultsOf } from '../probes/probe'
import { training } from '../probes/training'
import { unconvergedLabel } from '../probes/training/unconverged-label'
import { trainingCost } from '../probes/training-cost'

/**
 * All systems of a task side by side: loss at the last range with its interval over documents and seeds, best first; seconds
 * to read and to train by; bytes of state. Nothing where fewer than two of these were measured.
 */
export function comparisonTable(task: TaskResults): Table[] {
  const columns = [lossColumns(task), latencyColumns(task), costColumns(task)].flatMap((each) => each ?? [])
  const losses = resultsOf(lossByIndex, task)?.summary.loss ?? {}
  if (columns.length < 2) return []
  const order = task.systems
    .map(({ name }) => name)
    .sort((a, b) => (losses[a]?.at(-1) ?? Infinity) - (losses[b]?.at(-1) ?? Infinity))
  return [
    {
      title: 'the systems side by side',
      columns: ['system', ...columns.map(({ title }) => title)],
      rows: order.map((name) => [name, ...columns.map(({ of }) => of(name) ?? '–')]),
      note: columns.flatMap(({ note }) => note ?? []).join('; '),
    },
  ]
}

interface Column {
  title: string
  of(system: string): string | undefined
  note?: string
}

function lossColumns(task: TaskResults): Column[] | undefined {
  const results = resultsOf(lossByIndex, task)
  if (!results) return undefined
  const { measured, summary } = results
  const seeds = new Set(measured.map(({ seed }) => seed)).size
  return [
    {
      title: `loss at ${rangeNames(task).at(-1)}`,
      of(name) {
        if (!summary.last[name]) return undefined
        const { mean, low, high } = summary.last[name]
        return low === undefined
          ? mean.toFixed(3)
          : `${mean.toFixed(3)} (${low.toFixed(3)} to ${high!.toFixed(3)})`
      },
      note: `nats per token, in brackets the 95 % interval over held-out documents${seeds > 1 ? ` and ${seeds} seeds` : ', one seed'}`,
    },
    ...(resultsOf(training, task)
      ? [{ title: 'trained', of: (name: string) => unconvergedLabel(task, name) ?? 'converged' }]
      : []),
  ]
}

function latencyColumns(task: TaskResults): Column[] | undefined {
  const summary = resultsOf(latency, task)?.summary
  if (!summary) return undefined
  const { systems, contexts } = summary
  return [
    {
      title: 'reading, ms',
      of: (name) => systems[name] && (1000 * systems[name].reading.at(-1)!).toPrecision(3),
      note: `milliseconds for 1000 tokens read, for one decoded, and bytes of state at a context of ${contexts.at(-1)}`,
    },
    {
      title: 'decoding, ms',
      of: (name) => systems[name] && (1000 * systems[name].decoding.at(-1)!).toPrecision(3),
    },
    { title: 'state', of: (name) => systems[name] && formatBytes(systems[name].stateBytes.at(-1)!) },
  ]
}

function costColumns(task: TaskResults): Column[] | undefined {
  const summary = resultsOf(trainingCost, task)?.summary
  if (!summary) return undefined
  const { secondsPer1000, contexts } = summary
  const { length } = task.recipe.training
  const place = contexts.reduce(
    (best, context, i) => (Math.abs(context - length) < Math.abs(contexts[best] - length) ? i : best),
    0,
  )
  return [
    {
      title: 'training, ms',
      of: (name) => secondsPer1000[name] && (1000 * secondsPer1000[name][place]).toPrecision(3),
      note: `milliseconds for 1000 tokens of a training step, of sequences of ${contexts[place]}`,
    },
  ]
}
