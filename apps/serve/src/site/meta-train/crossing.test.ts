import { expect, it } from 'vitest'
import { isBelowWindows, recentMean, smoothing } from './crossing'
import type { StepLosses } from './meta-training'

const steps = (learning: readonly number[]): StepLosses[] =>
  learning.map((loss, i) => ({ step: i + 1, learning: loss, window: 2, windowLimit: 1.5, memoryLimit: 1 }))
const repeated = (value: number, count: number) => Array.from({ length: count }, () => value)

it('says that learning is below any window once its recent mean is', () => {
  expect(isBelowWindows(steps(repeated(1.6, smoothing)))).toBe(false)
  expect(isBelowWindows(steps(repeated(1.4, smoothing)))).toBe(true)
  expect(isBelowWindows(steps([...repeated(1.6, 30), ...repeated(1.2, smoothing - 4)]))).toBe(true)
  expect(isBelowWindows(steps([...repeated(1.6, 30), 1.2]))).toBe(false)
})

it('waits for as many steps as a mean takes', () => {
  expect(isBelowWindows(steps(repeated(1, smoothing - 1)))).toBe(false)
})

it('means over the steps up to one', () => {
  expect(recentMean(steps([1, 2, 3]), 'learning', 2)).toBe(1.5)
})
