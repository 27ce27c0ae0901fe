import { unlessLeft } from '../../given/refusals'
import type { ReaderProbe } from '../probe'
import { remainsAnswer } from './answer'
import { remainsFigure } from './figure'
import { askedLength, measureRemains, type Remains, type RemainsSizes } from './measure'
import { summariseRemains, type RemainsSummary } from './summarise'
import { remainsTables } from './table'
import { remainsVerdict } from './verdict'

/** What of a text that has left the window is still there: from word for word to the style. */
export const whatRemains: ReaderProbe<Remains[], RemainsSummary, RemainsSizes> = {
  name: 'what-remains',
  tasks: ['books'],
  needs: 'reader',
  refuses: (given, benchmark) =>
    benchmark.task.heldOut.length < 2
      ? 'it takes two documents'
      : unlessLeft(given, benchmark, { filled: 2, beside: askedLength }),
  tokens: ({ recipe }, { documents, passages, statements }) =>
    documents * (recipe.training.length + 2 * 100 * (passages + 2 * statements) + 2000),
  measure: measureRemains,
  summarise: summariseRemains,
  table: remainsTables,
  figure: remainsFigure,
  verdict: remainsVerdict,
  answer: remainsAnswer,
}
