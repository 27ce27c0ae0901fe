import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults, TaskResults } from '../../experiment/results'
import { unitOf } from '../../report/unit-of'
import { ways, type Kept } from './measure'
import type { NotepadSummary } from './summarise'

const titles = {
  details: 'details of a book: a passage after its beginning',
  loss: 'what follows in the book',
} as const

export const notepadTables = (
  { summary }: ProbeResults<Kept[], NotepadSummary>,
  task: TaskResults,
): Table[] =>
  (['details', 'loss'] as const).map((asked) => ({
    title: `${titles[asked]} (nats per ${unitOf(task)})`,
    columns: ['system', 'neither', ...ways.slice(1).map((way) => `${way}, against neither`)],
    rows: Object.entries(summary).map(([name, byWay]) => [
      name,
      byWay[asked].neither?.nats.toFixed(3) ?? '–',
      ...ways.slice(1).map((way) => {
        const found = byWay[asked][way]
        return found ? `${found.nats.toFixed(3)}: ${inInterval(found.difference!)}` : '–'
      }),
    ]),
    note:
      'notepad: the passage that BM25 finds by the words of the cue is read before it; brain: the book was learned while it was read; ' +
      '95 % intervals over documents and seeds',
  }))
