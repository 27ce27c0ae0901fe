import { learningRate, standardOptimizer, standardSchedule } from '@ttt-e2e/meta-outer'
import { describe, expect, it } from 'vitest'
import { microBenchmark } from '../testing'
import { planTraining } from './training-plan'

const { recipe, task } = microBenchmark()
const training = { length: 8, batch: 1, optimizer: standardOptimizer(standardSchedule(100, 1)), seed: 0 }
const benchmark = { recipe: { ...recipe, training }, task: { ...task, knownLosses: undefined } }

const flat = (steps: number, loss = 1) => Array.from({ length: steps }, () => loss)

describe('planTraining', () => {
  it('takes the steps of its preset', () => {
    const plan = planTraining(benchmark, 'swa')
    expect(plan.steps).toBe(100)
    expect(plan.next([])?.steps).toBe(100)
    expect(plan.next(flat(100))).toBeUndefined()
  })

  describe('until converged', () => {
    const untilConverged = { checkEvery: 50, mostSteps: 400, cooldownSteps: 20 }
    const plan = planTraining({ ...benchmark, untilConverged }, 'swa')
    const falling = (steps: number) => Array.from({ length: steps }, (_, i) => 10 - i / 10)

    it('stays at the peak as long as the loss falls', () => {
      const schedule = plan.next(falling(100))!
      expect(schedule.steps).toBe(150)
      expect(learningRate(schedule, 100)).toBeCloseTo(1, 12)
      expect(learningRate(schedule, 149)).toBeCloseTo(1, 12)
    })

    it('cools down once it is flat, then ends; the cool-down is not judged', () => {
      const settled = [...falling(100), ...flat(150, 0.1)]
      const schedule = plan.next(settled)!
      expect(schedule.steps).toBe(250 + 20)
      expect(learningRate(schedule, 250)).toBeCloseTo(1, 12)
      expect(learningRate(schedule, 260)).toBeCloseTo(0.5, 4)
      const cooled = [...settled, ...flat(20, 0)]
      expect(plan.next(cooled)).toBeUndefined()
      expect(plan.judged(cooled)).toHaveLength(250)
    })

    it('ends at the most steps even so', () => {
      expect(plan.next(falling(400))!.steps).toBe(420)
      expect(plan.next(falling(420))).toBeUndefined()
    })
  })
})
