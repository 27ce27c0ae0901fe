import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import type { ToyLine } from './measure'
import type { ToySummary } from './summarise'
import { mean } from '../mean'

const ends = [16, 32, 64, 128]

export const toyTable = ({ summary }: ProbeResults<ToyLine[], ToySummary>): Table[] => [
  {
    title: 'two blocks without attention, context 128 (nats per token)',
    columns: ['system', 'all', ...ends.map((end, i) => `${ends[i - 1] ?? 0}–${end}`), 'against the bigram'],
    rows: summary.lines.map(({ name, loss, byIndex, againstBigram }) => [
      name,
      loss.toFixed(3),
      ...ends.map((end, i) => mean(byIndex.slice(ends[i - 1] ?? 0, end)).toFixed(3)),
      againstBigram ? inInterval(againstBigram) : '–',
    ]),
    note:
      'bigram: the same two blocks without learning, which know the last token alone; full-attention: two blocks with attention; ' +
      '95 % intervals over documents and seeds',
  },
]
