import type { ModelsProbe } from '../probe'
import { measureAblations, type Ablated, type AblationsSizes } from './measure'
import { summariseAblations, type AblationsSummary } from './summarise'
import { ablationsTable } from './table'
import { ablationsVerdict } from './verdict'

/** The paper's ablations in small: window, chunk, inner rate, how many blocks learn, and which MLPs. */
export const ablations: ModelsProbe<Ablated[], AblationsSummary, AblationsSizes> = {
  name: 'ablations',
  tasks: ['languages'],
  needs: 'models',
  systems: () => ['ttt-e2e'],
  measure: measureAblations,
  summarise: summariseAblations,
  table: ablationsTable,
  verdict: ablationsVerdict,
  published: {
    title: 'published ablations, 760M',
    columns: ['what', 'what was found'],
    rows: [
      ['window 2K to 8K', 'larger is better'],
      ['chunk 1K to 8K', 'larger hurts; below 1K utilisation and stability do'],
      ['1 or 3 of 24 blocks learn', 'does not scale with context'],
      ['6 or 12 of 24 blocks learn', 'scales with context, both alike'],
    ],
    note: 'arXiv 2512.23675, section 3.2',
  },
}
