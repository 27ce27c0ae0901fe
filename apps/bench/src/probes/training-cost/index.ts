import type { SystemsProbe } from '../probe'
import { costFigure } from './figure'
import { measureCost, type CostMeasured, type CostSizes } from './measure'
import { summariseCost, type CostSummary } from './summarise'
import { costTables } from './table'
import { costAnswer, costVerdict } from './verdict'

/** What a training step takes against context: the price of gradients of gradients. */
export const trainingCost: SystemsProbe<CostMeasured, CostSummary, CostSizes> = {
  name: 'training-cost',
  needs: 'systems',
  measure: measureCost,
  summarise: summariseCost,
  table: costTables,
  figure: costFigure,
  verdict: costVerdict,
  published: {
    title: 'published: seconds per 1000 tokens of a training step, 3B parameters on H200',
    columns: ['system', '8K', '128K', 'ttt-e2e ÷ it at 8K', 'at 128K'],
    rows: [
      ['ttt-e2e', '0.25', '0.33', '1', '1'],
      ['full-attention', '0.08', '0.39', '3.4', '1/1.2'],
      ['mamba2, gated-deltanet', '0.06', '0.06', '–', '–'],
    ],
    note: '128K tokens a step at every context (paper, figure 8)',
  },
  speeds: ({ summary: { contexts, secondsPer1000 } }) =>
    Object.fromEntries(
      Object.entries(secondsPer1000).flatMap(([name, seconds]) =>
        contexts.map((context, i) => [
          `${name} · 1000 tokens trained on, in sequences of ${context}`,
          seconds[i],
        ]),
      ),
    ),
  answer: costAnswer,
}
