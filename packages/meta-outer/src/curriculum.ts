import type { Curriculum, Recipe } from './recipe'

/** What the batches of a step are like. */
export interface BatchShape {
  /** Targets of a sequence. */
  length: number
  /** Sequences. */
  batch: number
  /** Sequences that are computed at once; all where undefined. */
  microBatch?: number
  /** The first step whose batches are of another shape; infinite at the full length. */
  until: number
}

/** Shorter sequences for three fifths of the steps, the full length for the rest. */
export const standardCurriculum = (steps: number, shortest: number): Curriculum => ({
  shortest,
  steps: Math.floor((3 * steps) / 5),
})

/** The shape of a step's batches: a function of the step alone, so that a resumed run agrees. @param step from 0 */
export function batchShapeAt(training: Recipe['training'], step: number): BatchShape {
  const { batch, microBatch, curriculum } = training
  const most = doublingsOf(training)
  const doublings = Array.from({ length: most }, (_, done) => done).find(
    (done) => step < endOf(done, most, curriculum!.steps),
  )
  const times = doublings === undefined ? 1 : 2 ** (most - doublings)
  return {
    length: training.length / times,
    batch: batch * times,
    ...(microBatch !== undefined && { microBatch: microBatch * times }),
    until: doublings === undefined ? Infinity : endOf(doublings, most, curriculum!.steps),
  }
}

/** The first step whose sequences have their full length. */
export const fullLengthFrom = (training: Recipe['training']): number =>
  doublingsOf(training) > 0 ? training.curriculum!.steps : 0

/** How often the sequences double: as often as the full length can be halved and is not below the shortest. */
function doublingsOf({ length, curriculum }: Recipe['training']): number {
  if (!curriculum) return 0
  let doublings = 0
  for (let half = length / 2; Number.isInteger(half) && half >= curriculum.shortest; half /= 2) doublings++
  return doublings
}

/** The step at which the sequences double again. */
const endOf = (done: number, most: number, steps: number) => Math.floor((steps * (done + 1)) / most)
