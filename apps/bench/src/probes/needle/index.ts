import type { ModelsProbe } from '../probe'
import { needleAnswer } from './answer'
import { needleFigure } from './figure'
import { measureNeedle, type NeedleMeasured } from './measure'
import type { NeedleSizes } from './sizes'
import { summariseNeedle, type NeedleSummary } from './summarise'
import { needleTables } from './table'
import { needleVerdict } from './verdict'

/** S-NIAH 1 to 3 in small: what of a text can be given back word for word, inside and outside the window. */
export const needle: ModelsProbe<NeedleMeasured, NeedleSummary, NeedleSizes> = {
  name: 'needle',
  tasks: ['languages'],
  needs: 'models',
  measure: measureNeedle,
  summarise: summariseNeedle,
  table: needleTables,
  figure: needleFigure,
  verdict: needleVerdict,
  answer: needleAnswer,
}
