import type { ModelsProbe } from '../probe'
import { measureTwoStage, type TwoStages, type TwoStageSizes } from './measure'
import { twoStageTable, twoStageVerdict } from './report'
import { summariseTwoStage, type TwoStageSummary } from './summarise'

/** The recipes' scheme, trained short and extended long, against long from the start at equal tokens. */
export const twoStage: ModelsProbe<TwoStages[], TwoStageSummary, TwoStageSizes> = {
  name: 'two-stage',
  tasks: ['languages'],
  needs: 'models',
  systems: (among) => ['ttt-e2e', 'full-attention'].filter((name) => among.includes(name)),
  measure: measureTwoStage,
  summarise: summariseTwoStage,
  table: twoStageTable,
  verdict: twoStageVerdict,
}
