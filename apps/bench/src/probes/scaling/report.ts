import { inInterval, type Table } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import { holdsZero, natsWithInterval } from '../interval'
import { notConverged } from '../train-and-read'
import type { ScaledModel } from './measure'
import type { ScalingSummary } from './summarise'

type Results = ProbeResults<ScaledModel[], ScalingSummary>

export const scalingTables = ({ summary }: Results): Table[] => [
  {
    title: 'loss by size and tokens (nats per token)',
    columns: ['system', 'width', 'parameters', 'tokens', 'nats'],
    rows: summary.systems.flatMap(({ name, models }) =>
      models.map(({ hiddenSize, parameters, tokens, loss }) => [
        name,
        String(hiddenSize),
        parameters.toLocaleString('en-US'),
        `${(tokens / 1e6).toFixed(2)}M`,
        loss.toFixed(3),
      ]),
    ),
    note: 'documents of the training length; each budget has a schedule of its own',
  },
  {
    title: "whether lines are parallel: ttt-e2e's slope less the other's (nats per doubling)",
    columns: ['system', 'of tokens', 'of parameters'],
    rows: Object.entries(summary.slopes).map(([name, { tokens, size }]) => [
      name,
      tokens ? inInterval(tokens) : '–',
      size ? inInterval(size) : '–',
    ]),
    note:
      'the test: each document has a slope of its loss over the base-2 logarithm, by least squares, the mean over sizes or budgets; the ' +
      'differences are paired over documents and seeds, 95 % bootstrap interval; parallel where it holds 0',
  },
]

export const scalingVerdict = ({ measured, summary }: Results): string[] => [
  ...Object.entries(summary.slopes).flatMap(([name, { tokens, size }]) =>
    (
      [
        ['tokens', tokens],
        ['parameters', size],
      ] as const
    ).flatMap(([axis, slope]) =>
      slope
        ? [
            `With a doubling of ${axis} ttt-e2e's loss changes ${natsWithInterval(slope)} more than that of ${name}: ` +
              (holdsZero(slope)
                ? 'the lines are parallel as far as this can tell.'
                : slope.mean < 0
                  ? 'its lead grows.'
                  : 'its lead does NOT grow, it shrinks.'),
          ]
        : [],
    ),
  ),
  ...notConverged(
    measured.flatMap(({ system, value }) =>
      value.map(({ hiddenSize, how }) => ({ name: `${system} of width ${hiddenSize}`, how })),
    ),
  ),
]
