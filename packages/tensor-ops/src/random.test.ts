import { expect, it } from 'vitest'
import { createRandom, fold, restoreRandom } from './index'

it('gives the same numbers for the same seed and others for another', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed).uniform)
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
})

it('goes on from its state, in the middle of a pair of normals too', () => {
  const random = createRandom(3)
  random.normal()
  const copy = restoreRandom(JSON.parse(JSON.stringify(random.state())))
  expect([copy.normal(), copy.uniform(), copy.integer(100)]).toEqual([
    random.normal(),
    random.uniform(),
    random.integer(100),
  ])
})

it('draws uniforms and normals with the right moments', () => {
  const random = createRandom(4)
  const n = 100_000
  const moments = (draw: () => number) => {
    let [sum, squares] = [0, 0]
    for (let i = 0; i < n; i++) {
      const x = draw()
      sum += x
      squares += x * x
    }
    return [sum / n, squares / n]
  }
  const [uniformMean, uniformSquare] = moments(random.uniform)
  expect(uniformMean).toBeCloseTo(1 / 2, 2)
  expect(uniformSquare).toBeCloseTo(1 / 3, 2)
  const [normalMean, normalSquare] = moments(random.normal)
  expect(Math.abs(normalMean)).toBeLessThan(0.02)
  expect(Math.abs(normalSquare - 1)).toBeLessThan(0.02)
})

it('folds a path into independent seeds', () => {
  const seeds = new Set([fold(1), fold(1, 0), fold(1, 1), fold(1, 0, 1), fold(1, 1, 0), fold(2, 0)])
  expect(seeds.size).toBe(6)
  expect(fold(7, 5)).toBe(fold(7, 5))
})

it('shuffles in place without losing anything', () => {
  const array = Array.from({ length: 50 }, (_, i) => i)
  const shuffled = createRandom(9).shuffle([...array])
  expect(shuffled).not.toEqual(array)
  expect(shuffled.sort((a, b) => a - b)).toEqual(array)
})
