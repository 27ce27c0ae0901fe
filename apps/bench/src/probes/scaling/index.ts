import type { ModelsProbe } from '../probe'
import { measureScaling, type ScaledModel, type ScalingSizes } from './measure'
import { scalingTables, scalingVerdict } from './report'
import { summariseScaling, type ScalingSummary } from './summarise'

/** Sizes by token budgets: whether the lines of the systems are parallel. */
export const scaling: ModelsProbe<ScaledModel[], ScalingSummary, ScalingSizes> = {
  name: 'scaling',
  tasks: ['languages'],
  needs: 'models',
  systems: (among) => ['ttt-e2e', 'full-attention', 'swa'].filter((name) => among.includes(name)),
  measure: measureScaling,
  summarise: summariseScaling,
  table: scalingTables,
  verdict: scalingVerdict,
  published: {
    title: 'published: 125M to 3B, 1 to 5 times Chinchilla',
    columns: ['what was found'],
    rows: [
      [
        'the lead over full attention shrinks at little compute, then the lines are parallel: from about 760M or 48B tokens on',
      ],
    ],
    note: 'arXiv 2512.23675, figure 5',
  },
}
