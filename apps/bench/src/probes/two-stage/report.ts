import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import { holdsZero, natsWithInterval } from '../interval'
import { notConverged } from '../train-and-read'
import { schemes, type TwoStages } from './measure'
import type { TwoStageSummary } from './summarise'

type Results = ProbeResults<TwoStages[], TwoStageSummary>

export const twoStageTable = ({ summary }: Results): Table[] => [
  {
    title: 'trained short and extended, or long from the start (nats over the last quarter)',
    columns: ['system', ...schemes, 'tokens', 'extended against long'],
    rows: summary.systems.map(({ name, loss, tokens, difference }) => [
      name,
      ...loss.map((nats) => nats.toFixed(3)),
      tokens.map((count) => `${(count / 1e6).toFixed(2)}M`).join(' · '),
      inInterval(difference),
    ]),
    note:
      'documents 4 × as long as the longer training sequences; the extension at a peak rate of 4e-4 without warm-up of the inner rate, as ' +
      'published; RoPE’s base stays the same; 95 % intervals over documents and seeds',
  },
]

export const twoStageVerdict = ({ measured, summary }: Results): string[] => [
  ...summary.systems.map(({ name, difference }) => {
    const how = holdsZero(difference)
      ? 'is no different beyond doubt'
      : difference.mean < 0
        ? 'is better'
        : 'is worse'
    return `${name} trained short and extended ${how} than long from the start on as many tokens: ${natsWithInterval(difference)}.`
  }),
  ...notConverged(
    measured.flatMap(({ system, value }) =>
      value.map(({ scheme, how }) => ({ name: `${system}, ${scheme}`, how })),
    ),
  ),
]
