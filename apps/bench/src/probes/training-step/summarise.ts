import type { Measurement } from '../../experiment/results'
import { median } from '../../statistics'
import type { StepMeasured } from './measure'

export interface StepCost {
  /** Median of the steps as they run. */
  stepSeconds: number
  /** Kernel calls of one step, each counted once. */
  calls: number
  /** Share of the profiled step's time that was spent in kernels. */
  kernelShare: number
  /** Share of the kernels' time that the engine spends in kernels of its own. */
  ownShare: number
}

/** By system. */
export type StepSummary = Record<string, StepCost>

export const summariseStep = (measured: Measurement<StepMeasured>[]): StepSummary =>
  Object.fromEntries(measured.map(({ system, value }) => [system, costOf(value)]))

function costOf({ stepSeconds, profile }: StepMeasured): StepCost {
  const { seconds, kernelSeconds, kernels } = profile
  const own = kernels.filter((kernel) => kernel.own)
  return {
    stepSeconds: median(stepSeconds),
    calls: kernels.reduce((sum, kernel) => sum + kernel.calls, 0),
    kernelShare: kernelSeconds / seconds,
    ownShare: own.reduce((sum, kernel) => sum + kernel.seconds, 0) / kernelSeconds,
  }
}
