import { countSystem } from '../../../trainer/src/flops'
import type { System } from '@ttt-e2e/ttt-inner'

/** Floating-point operations per token of a sequence of `length`, everything computed once. */
export interface Flops {
  /** Loss and gradient; AdamW is not counted. */
  training: number
  /** Losses, and the learning of systems that learn while they read. */
  reading: number
}

export function countFlops(system: System, length: number): Flops {
  const { trainingFlops } = countSystem(system, length)
  // Forward once, backward twice; an inner step belongs to the forward part.
  return { training: trainingFlops, reading: trainingFlops / 3 }
}
