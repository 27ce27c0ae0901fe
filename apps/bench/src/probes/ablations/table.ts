import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import type { Ablated } from './measure'
import type { AblationsSummary } from './summarise'

export const ablationsTable = ({ measured, summary }: ProbeResults<Ablated[], AblationsSummary>): Table[] => [
  {
    title: 'ttt-e2e with one thing changed (nats over the last quarter)',
    columns: ['what', 'parameters', 'nats', 'against the base', 'against itself, learning off', 'converged'],
    rows: summary.variants.map(({ name, parameters, loss, difference, learned }, n) => [
      name,
      parameters.toLocaleString('en-US'),
      loss.toFixed(3),
      difference ? inInterval(difference) : '–',
      learned ? inInterval(learned) : '–',
      measured.every(({ value }) => value[n].how.converged) ? 'yes' : 'no',
    ]),
    note: 'each trained for the same steps and tokens; documents 4 × as long as in training; 95 % intervals over documents and seeds',
  },
]
