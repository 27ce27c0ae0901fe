import { inInterval, signed, type Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { trainedOn } from '../../report/trained-on'
import { reference, type ContextLosses } from './measure'
import type { ContextSummary } from './summarise'

/** Mean nats of the first tokens, and each system less full attention with its slope. */
export function contextTables(
  { measured, summary }: ProbeResults<ContextLosses, ContextSummary>,
  task: TaskResults,
): Table[] {
  const { contexts, references, heldOut } = task
  const seeds = new Set(measured.map(({ seed }) => seed)).size
  const row = (name: string, nats: readonly number[]) => [name, ...nats.map((each) => each.toFixed(3))]
  const losses: Table = {
    title: 'loss of the first tokens, by how many (nats per token)',
    columns: ['system', ...contexts.map(String)],
    rows: [
      ...Object.entries(summary.loss).map(([name, nats]) => row(name, nats)),
      ...references.map(({ name, byContext }) => row(name, byContext)),
    ],
    note: `${heldOut.length} held-out documents${seeds > 1 ? `, ${seeds} seeds` : ''}; ${trainedOn(task, (length) => `trained on sequences of ${length}`)}. ${howReferenceReads(measured)}`.trimEnd(),
  }
  if (summary.differences.length === 0) return [losses]
  return [
    losses,
    {
      title: `each system less ${reference}, by context (nats; negative: better than ${reference})`,
      columns: ['system', ...contexts.map(String), 'per doubling', 'from the training length on'],
      rows: summary.differences.map(({ system, byContext, slope, slopeBeyond }) => [
        system,
        ...byContext.map(({ mean }) => signed(mean)),
        inInterval(slope),
        slopeBeyond ? inInterval(slopeBeyond) : '–',
      ]),
      note: 'slopes with the 95 % interval of a bootstrap over paired documents and seeds',
    },
  ]
}

/** Whether full attention was trained on where it reads more than its training sequences. */
export function howReferenceReads(measured: ProbeResults<ContextLosses>['measured']): string {
  const read = measured.filter(({ system }) => system === reference)
  if (read.length === 0) return ''
  const extensions = read.flatMap(({ value }) => value.extensions)
  if (extensions.length === 0)
    return `${reference} was not trained on at longer contexts: beyond its training length it extrapolates.`
  const short = [...new Set(extensions.filter(({ converged }) => !converged).map(({ context }) => context))]
  return (
    `${reference} was trained on at each longer context, its RoPE base raised as published` +
    (short.length > 0 ? `; not converged there at ${short.join(', ')}.` : '.')
  )
}
