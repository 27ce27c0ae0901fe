import { createRandom, tf, UserError, vjp, type FusedOp, type Tensor } from '@ttt-e2e/tensor-ops'
import { checkOp } from '@ttt-e2e/tensor-ops/op-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { adamwOp, gradientClipOp, linearCrossEntropyLossesOp, linearCrossEntropyOp } from '../../ops'
import type { GpuBackend } from './backend'
import { expectLikeCpu, registerGpuEngine, useWebGpu } from './testing'

/** What kernels get of a buffer here: 4096 values. */
const mostBytes = 16384
const name = 'webgpu-small'
/** Of a single row's sum a group takes 16384 values. */
const [leastOfSums, sumsName] = [65536, 'webgpu-small-sums']
const random = createRandom(2)
const normal = (shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  )

describe('tensors larger than what a kernel may get of a buffer', () => {
  useWebGpu()
  beforeAll(() => registerGpuEngine(name, { maxStorageBufferBindingSize: mostBytes }))
  beforeAll(() => registerGpuEngine(sumsName, { maxStorageBufferBindingSize: leastOfSums }))

  // 130 words of 48 values, 24 KiB.
  const words = () => normal([130, 48])

  it('are looked up and summed into row by row', async () => {
    const indices = tf.tensor1d([129, 0, 65, 64, 129, 86], 'int32')
    const run = (table: Tensor, at: Tensor, weights: Tensor) => {
      const { value, pull } = vjp((x: Tensor) => ({ value: tf.gather(x, at as never) }), table)
      return [value, pull(weights)]
    }
    await expectLikeCpu([words(), indices, normal([6, 48])], run, 2e-6, name)
  })

  it('are multiplied, each of the ways round, and as what comes out', async () => {
    const rows = normal([90, 48])
    await expectLikeCpu(
      [rows, normal([132, 48])],
      (a, b) => tf.matMul(a, b as never, false, true),
      2e-6,
      name,
    )
    await expectLikeCpu([normal([7, 130]), words()], (a, b) => tf.matMul(a, b as never), 2e-6, name)
    await expectLikeCpu([normal([130, 9]), words()], (a, b) => tf.matMul(b, a as never, true), 2e-6, name)
    await expectLikeCpu([normal([9, 48]), words()], (a, b) => tf.matMul(b, a as never, false, true), 2e-6, name) // prettier-ignore
  })

  it('are cut between fewer rows than 64 where those are too large, and refused in a sentence where none can be cut', async () => {
    // Of 96 and of 160 values, every second row begins where a buffer may be cut; 64 of either are 24 and 40 KiB.
    const product = (a: Tensor, b: Tensor) => tf.matMul(a, b as never)
    await expectLikeCpu([normal([90, 96]), normal([96, 160])], product, 2e-6, name)
    const lookUp = (table: Tensor, at: Tensor) => tf.gather(table, at as never)
    await expectLikeCpu([normal([90, 160]), tf.tensor1d([89, 0, 25, 24, 26], 'int32')], lookUp, 2e-6, name)
    tf.tidy(() => {
      const refused =
        /a stretch of rows that can be cut no further, of 1 MiB is larger than what a kernel of this GPU may get/
      expect(() => lookUp(normal([70, 65]), tf.tensor1d([0], 'int32'))).toThrow(refused)
      expect(() => product(normal([2, 4097]), normal([4097, 1]))).toThrow(refused)
    })
  })

  it('are added, filled and changed value by value', async () => {
    await expectLikeCpu([words(), words()], (a, b) => tf.add(tf.square(a), tf.mul(b, tf.onesLike(a))), 2e-6, name) // prettier-ignore
  })

  const example = {
    name: 'blocks of rows, stretches of words',
    shapes: { hidden: [50, 48], weight: [130, 48], targets: [50] },
    integersBelow: { targets: 130 },
    scale: { weight: 0.2 },
  }
  it.each([
    ['with slopes, to the second order', linearCrossEntropyOp as FusedOp, 2],
    ['of losses alone, with gradients', linearCrossEntropyLossesOp as FusedOp, 1],
  ] as const)('are heads %s', async (_, op, order) => {
    const { errors } = await checkOp(op, example, name, { order })
    for (const { name, error, limit } of errors) expect(error, name).toBeLessThan(limit)
  })

  it('are clipped and stepped by AdamW', async () => {
    const large = [700, 30]
    const shapes = { p: large, g: large, m: large, v: large, factor: [] }
    const step = { name: 'large', shapes, attributes: { step: 3 }, scale: { v: 0 } }
    const clip = { name: 'large', shapes: { g0: large, g1: [9] } }
    const checks = [
      await checkOp(adamwOp as FusedOp, step, sumsName, { order: 0 }),
      await checkOp(gradientClipOp(2) as FusedOp, clip, sumsName, { order: 0 }),
    ]
    for (const { errors } of checks)
      for (const { name, error, limit } of errors) expect(error, name).toBeLessThan(limit)
  })

  it('are refused in a sentence where a kernel needs them whole', async () => {
    await expectLikeCpu([normal([2])], (x) => tf.add(x, 1), 2e-6, name)
    expect((tf.backend() as unknown as GpuBackend).mostBound).toBe(mostBytes)
    tf.tidy(() => {
      const large = tf.tensor(new Float32Array(2 * mostBytes), [mostBytes, 2])
      expect(() => tf.transpose(large)).toThrow(UserError)
      expect(() => tf.transpose(large)).toThrow(/is larger than what a kernel of this GPU may get/)
    })
  })
})
