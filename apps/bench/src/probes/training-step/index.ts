import type { StepProbe } from '../probe'
import { measureStep, type StepMeasured } from './measure'
import { summariseStep, type StepSummary } from './summarise'
import { stepTable } from './table'

/** What a training step takes as it runs, and which kernels it is made of. */
export const trainingStep: StepProbe<StepMeasured, StepSummary> = {
  name: 'training-step',
  needs: 'step',
  measure: measureStep,
  summarise: summariseStep,
  table: stepTable,
  speeds: ({ summary }) =>
    Object.fromEntries(
      Object.entries(summary).map(([name, { stepSeconds }]) => [`${name} · a training step`, stepSeconds]),
    ),
}
