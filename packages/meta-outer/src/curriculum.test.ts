import { describe, expect, it } from 'vitest'
import { batchShapeAt, fullLengthFrom, standardCurriculum } from './curriculum'
import type { Recipe } from './recipe'
import { standardSchedule } from './schedule'
import { standardOptimizer } from './optimizer'

const training: Recipe['training'] = {
  length: 64,
  batch: 3,
  optimizer: standardOptimizer(standardSchedule(100, 1)),
  seed: 0,
}

const lengths = (changes: Partial<Recipe['training']>, count: number) =>
  Array.from({ length: count }, (_, step) => batchShapeAt({ ...training, ...changes }, step).length)

describe('batchShapeAt', () => {
  it('is the full length without a curriculum', () => {
    expect(batchShapeAt(training, 0)).toEqual({ length: 64, batch: 3, until: Infinity })
    expect(fullLengthFrom(training)).toBe(0)
  })

  it('doubles the length in equal shares of the steps, and keeps the tokens of a step', () => {
    const curriculum = { shortest: 16, steps: 7 }
    expect(lengths({ curriculum }, 9)).toEqual([16, 16, 16, 32, 32, 32, 32, 64, 64])
    expect(batchShapeAt({ ...training, microBatch: 1, curriculum }, 0)).toEqual({
      length: 16,
      batch: 12,
      microBatch: 4,
      until: 3,
    })
    expect(batchShapeAt({ ...training, curriculum }, 5)).toEqual({ length: 32, batch: 6, until: 7 })
    expect(fullLengthFrom({ ...training, curriculum })).toBe(7)
  })

  it.each([
    [64, 33, [64]],
    [64, 32, [32]],
    [60, 10, [15]],
    [7, 1, [7]],
    [64, 100, [64]],
  ])('halves %i evenly, not below %i', (length, shortest, first) => {
    expect(lengths({ length, curriculum: { shortest, steps: 50 } }, 1)).toEqual(first)
  })

  it('has the full length from the start where there are no steps before it', () => {
    expect(lengths({ curriculum: { shortest: 16, steps: 0 } }, 2)).toEqual([64, 64])
  })

  it('passes a length over that has less than a step', () => {
    expect(lengths({ curriculum: { shortest: 8, steps: 2 } }, 3)).toEqual([16, 32, 64])
  })
})

it('leaves two fifths of the steps to the full length', () => {
  expect(standardCurriculum(101, 16)).toEqual({ shortest: 16, steps: 60 })
})
