import { unlessLearning } from '../../given/refusals'
import type { ReaderProbe } from '../probe'
import { partsFigure } from './figure'
import { measureParts } from './measure'
import { summariseParts, type PartDifferences } from './summarise'
import { partsTable } from './table'
import { partsVerdict } from './verdict'

/** Where in a document TTT-E2E is ahead: before it has learned anything, or late? */
export const earlyLate: ReaderProbe<number[][], PartDifferences[]> = {
  name: 'early-late',
  needs: 'reader',
  refuses: unlessLearning,
  measure: measureParts,
  summarise: summariseParts,
  table: partsTable,
  figure: partsFigure,
  verdict: partsVerdict,
  published: {
    title: 'published: ttt-e2e less full attention by token index, 3B parameters (paper, figure 6)',
    columns: ['part', 'what was found'],
    rows: [
      ['every index', 'ttt-e2e is below full attention, the only system that is'],
      ['before the first step of learning (1K tokens)', 'most of the gain is there already'],
      ['the last tokens', 'about no difference'],
    ],
  },
}
