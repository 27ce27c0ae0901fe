import type { RunProbe } from '../probe'
import { trainingFigure } from './figure'
import { measureTraining, type TrainingMeasured } from './measure'
import { summariseTraining, type TrainingSummary } from './summarise'
import { trainingTable } from './table'
import { unconvergedSentence } from './unconverged-label'

/** How each run was trained: its learning curve, its speed, and whether it had converged. */
export const training: RunProbe<TrainingMeasured, TrainingSummary> = {
  name: 'training',
  needs: 'run',
  measure: measureTraining,
  summarise: summariseTraining,
  table: trainingTable,
  figure: trainingFigure,
  verdict: (_, task) => unconvergedSentence(task),
}
