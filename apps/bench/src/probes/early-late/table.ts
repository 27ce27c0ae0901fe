import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { subjectOf } from '../loss-by-index/summarise'
import { partsOf } from './parts'
import type { PartDifferences } from './summarise'

export function partsTable(
  { summary }: ProbeResults<number[][], PartDifferences[]>,
  task: TaskResults,
): Table[] {
  if (summary.length === 0) return []
  const subject = subjectOf(task)
  const parts = partsOf(task.recipe)
  return [
    {
      title: `early and late: ${subject} less each other system (nats per token; negative: ${subject} is better)`,
      columns: ['against', ...parts.map(({ name, from, to }) => `${name}, ${from}–${to}`), 'shares'],
      rows: summary.map(({ system, byPart, share }) => [
        system,
        ...byPart.map(inInterval),
        share.map((each) => `${Math.round(100 * each)} %`).join(', '),
      ]),
      note: 'in the first chunk nothing was learned yet; a share is that of a part in the sum over all tokens; 95 % intervals of a bootstrap over paired documents and seeds',
    },
  ]
}
