import type { AdamwAttributes } from '@ttt-e2e/kernels/ops'
import { learningRate, type Schedule } from './schedule'

export interface Optimizer {
  schedule: Schedule
  beta1: number
  beta2: number
  epsilon: number
  /** Decoupled, on every parameter, times the learning rate. */
  weightDecay: number
  /** The global norm of the gradients is clipped to this before the moments. */
  maxNorm: number
}

/** AdamW as published: β 0.9 and 0.95, ε 1e-8, weight decay 0.1, clip at 1. */
export const standardOptimizer = (schedule: Schedule): Optimizer => ({
  schedule,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  maxNorm: 1,
})

/** AdamW's numbers in the step that comes after `step` others, for a parameter that decays or doesn't. */
export const adamwAttributes = (
  { schedule, beta1, beta2, epsilon, weightDecay }: Optimizer,
  step: number,
  decays: boolean,
): AdamwAttributes => ({
  learningRate: learningRate(schedule, step),
  beta1,
  beta2,
  epsilon,
  weightDecay: decays ? weightDecay : 0,
  step: step + 1,
})
