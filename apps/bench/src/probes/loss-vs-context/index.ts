import type { ReaderProbe } from '../probe'
import { contextFigure } from './figure'
import { measureContexts, type ContextLosses, type ContextSizes } from './measure'
import { publishedContexts } from './published'
import { summariseContexts, type ContextSummary } from './summarise'
import { contextTables } from './table'
import { contextAnswer, contextVerdict } from './verdict'

/** Loss against context, every system beside full attention: does it keep falling as full attention's does? */
export const lossVsContext: ReaderProbe<ContextLosses, ContextSummary, ContextSizes> = {
  name: 'loss-vs-context',
  needs: 'reader',
  refuses: () => undefined,
  measure: measureContexts,
  summarise: summariseContexts,
  table: contextTables,
  figure: contextFigure,
  verdict: contextVerdict,
  published: publishedContexts,
  answer: contextAnswer,
}
