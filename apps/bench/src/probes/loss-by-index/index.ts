import type { ReaderProbe } from '../probe'
import { lossFigure } from './figure'
import { measureLoss } from './measure'
import { summariseLoss, type LossSummary } from './summarise'
import { lossTables } from './table'
import { lossVerdict } from './verdict'

/** Nats of held-out documents by how much was read before: does a system use what it has read? */
export const lossByIndex: ReaderProbe<number[][], LossSummary> = {
  name: 'loss-by-index',
  needs: 'reader',
  refuses: () => undefined,
  measure: measureLoss,
  summarise: summariseLoss,
  table: lossTables,
  figure: lossFigure,
  verdict: lossVerdict,
}
