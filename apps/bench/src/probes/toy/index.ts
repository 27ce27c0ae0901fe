import type { ModelsProbe } from '../probe'
import { toyFigure } from './figure'
import { measureToy, toySystems, type ToyLine, type ToySizes } from './measure'
import { summariseToy, type ToySummary } from './summarise'
import { toyTable } from './table'
import { toyVerdict } from './verdict'

/** The paper's first experiment: blocks that can only remember by learning. */
export const toy: ModelsProbe<ToyLine[], ToySummary, ToySizes> = {
  name: 'toy',
  tasks: ['languages'],
  needs: 'models',
  systems: () => toySystems,
  measure: measureToy,
  summarise: summariseToy,
  table: toyTable,
  figure: toyFigure,
  verdict: toyVerdict,
  published: {
    title: 'published: two blocks of half the width of 125M, text, context 128',
    columns: ['system', 'what was found'],
    rows: [
      ['ttt-e2e, chunk 1', 'nearly reaches full attention'],
      ['ttt-naive', 'hardly better than the bigram'],
      ['ttt-e2e, chunk 16', 'the loss rises within each chunk'],
    ],
    note: 'arXiv 2512.23675, figure 2',
  },
}
