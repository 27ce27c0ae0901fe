import type { Measurement } from '../../experiment/results'
import type { TrainingMeasured } from './measure'

export interface TrainingSummary {
  /** Steps of the first run that had not converged, of each system that has one. */
  unconvergedAfter: Record<string, number>
}

export function summariseTraining(measured: Measurement<TrainingMeasured>[]): TrainingSummary {
  const unconvergedAfter: Record<string, number> = {}
  for (const { system, value } of measured) if (!value.converged) unconvergedAfter[system] ??= value.steps
  return { unconvergedAfter }
}
