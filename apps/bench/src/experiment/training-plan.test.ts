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

  it("has a system's own rate, and judges sequences of full length alone", () => {
    const curriculum = { shortest: 4, steps: 60 }
    const given = { ...benchmark, recipe: { ...recipe, training: { ...training, curriculum } } }
    const rates = { swa: { rate: 0.5, source: 'of a test' } }
    const [own, others] = ['swa', 'mamba2'].map((system) => planTraining({ ...given, rates }, system))
    expect([own, others].map((plan) => plan.next([])?.peakLearningRate)).toEqual([0.5, 1])
    expect(own.judged([...flat(60, 2), ...flat(40)])).toEqual(flat(40))
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

    it('judges sequences of full length alone', () => {
      const curriculum = { shortest: 4, steps: 60 }
      const shorterFirst = { ...recipe, training: { ...training, curriculum } }
      const plan = planTraining({ ...benchmark, recipe: shorterFirst, untilConverged }, 'swa')
      expect(plan.fewestSteps).toBe(60 + 100 + 20)
      expect(plan.next([])!.steps).toBe(160)
      const curve = [...falling(60), ...flat(100, 0.1)]
      expect(plan.next(curve)!.steps).toBe(160 + 20)
      expect(plan.judged([...curve, ...flat(20, 0)])).toEqual(flat(100, 0.1))
    })

    it('ends at the most steps even so', () => {
      expect(plan.next(falling(400))!.steps).toBe(420)
      expect(plan.next(falling(420))).toBeUndefined()
    })
  })
})
