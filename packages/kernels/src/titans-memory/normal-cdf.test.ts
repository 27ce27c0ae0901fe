import { resolveEngine, tf, vjp, type Tensor } from '@ttt-e2e/tensor-ops'
import { inFloat64 } from '@ttt-e2e/tensor-ops/testing'
import { beforeAll, expect, it } from 'vitest'
import { normalCdf } from './normal-cdf'

beforeAll(() => resolveEngine('cpu'))

/** Φ to ten digits, as tables have it. */
const known: [x: number, probability: number][] = [
  [0, 0.5],
  [1, 0.8413447461],
  [-1, 0.1586552539],
  [2, 0.9772498681],
  [-3, 0.0013498980316],
  [-6, 9.86587645e-10],
  [12, 1],
  [-12, 0],
]

it('is what tables have', () => {
  inFloat64(() =>
    tf.tidy(() => {
      for (const [x, probability] of known)
        expect(Math.abs(normalCdf(tf.scalar(x)).dataSync()[0] - probability)).toBeLessThan(6e-11)
    }),
  )
})

it('has the derivatives of a distribution: φ, −x φ, (x² − 1) φ', () => {
  tf.tidy(() => {
    const x = tf.scalar(0.7)
    const slope = (f: (x: Tensor) => Tensor) => (at: Tensor) =>
      vjp((y: Tensor) => ({ value: f(y) }), at).pull(tf.scalar(1))
    const density = Math.exp(-0.245) / Math.sqrt(2 * Math.PI)
    const first = slope(normalCdf)
    const second = slope(first)
    const third = slope(second)
    expect(first(x).dataSync()[0]).toBeCloseTo(density, 6)
    expect(second(x).dataSync()[0]).toBeCloseTo(-0.7 * density, 6)
    expect(third(x).dataSync()[0]).toBeCloseTo((0.49 - 1) * density, 6)
  })
})
