import { resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { beforeAll, expect, it } from 'vitest'
import { MemoryLimit } from './memory-limit'

beforeAll(() => resolveEngine('cpu'))

/** 4 MB of gradients. */
const trained = () => ({ w: tf.zeros([1000, 1000]) as Tensor })
const megabytes = (n: number) => n * 1e6

it('gives the first step a quarter of what is free, and the next ones half of what its peak left', () => {
  let peak = megabytes(60)
  // 97 MB of it are to be used: 50 are there, 4 are gradients.
  const limit = new MemoryLimit(megabytes(100), trained(), () => peak, megabytes(50))
  expect(limit.next()).toBeCloseTo(megabytes(10.75))
  peak = megabytes(80)
  expect(limit.next()).toBeCloseTo(megabytes(19.25))
  // Nothing new.
  expect(limit.next()).toBeCloseTo(megabytes(19.25))
  peak = megabytes(99)
  expect(limit.next()).toBeCloseTo(megabytes(17.25))
  expect(limit.next()).toBeCloseTo(megabytes(17.25))
})

it('counts the update of the largest parameter alone', () => {
  const some = { small: tf.zeros([500, 1000]) as Tensor, large: tf.zeros([1000, 1000]) as Tensor }
  expect(() => new MemoryLimit(megabytes(69), some, () => 0, megabytes(50))).toThrow(/ take 0\.068GB /)
  expect(new MemoryLimit(megabytes(71), some, () => 0, megabytes(50)).next()).toBeGreaterThan(0)
})

it('refuses a size that weights and moments fill', () => {
  expect(() => new MemoryLimit(megabytes(60), trained(), () => 0, megabytes(50))).toThrow(
    /^--memory 0\.060GB is too little: weights, moments, gradients and their update take 0\.066GB without any sequence; /,
  )
})
