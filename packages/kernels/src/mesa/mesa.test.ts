import { relativeError, tf, vjp, type Tensor } from '@ttt-e2e/tensor-ops'
import { runOpSuite } from '@ttt-e2e/tensor-ops/testing'
import { expect, it } from 'vitest'
import '../engines'
import { createDraws, onEveryTarget } from '../engines/compiled/testing'
import { cases } from './cases'
import { mesaOp } from './index'

runOpSuite(mesaOp, cases, { order: 2 })

it('has gradients in proportion to what they are of, however small or large', async () => {
  await onEveryTarget((target) => {
    const gradients = (by: number) =>
      tf.tidy(() => {
        const { normal } = createDraws(3)
        const [q, k] = [normal([1, 5, 1, 4]), normal([1, 5, 1, 4])]
        const others = {
          v: normal([1, 5, 1, 3]),
          g: tf.fill([1, 5, 1], -0.1),
          beta: tf.fill([1, 5, 1], 0.7),
          lambda: tf.fill([1, 4], 0.3),
          keys: tf.zeros([1, 1, 4, 4]),
          values: tf.zeros([1, 1, 4, 3]),
        }
        const { value, pull } = vjp(
          (x: { q: Tensor; k: Tensor }) => ({ value: { o: mesaOp({ ...x, ...others }).o } }),
          { q, k },
        )
        const slopes = pull({ o: tf.fill(value.o.shape, by) })
        return Object.values(slopes).map((slope) => Float32Array.from(slope.dataSync(), (x) => x / by))
      })
    const expected = gradients(1)
    for (const by of [1e-25, 1e25])
      gradients(by).forEach((slope, i) =>
        expect(relativeError(slope, expected[i]), `${target}, ${by}`).toBeLessThan(1e-5),
      )
  })
})
