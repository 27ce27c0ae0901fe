import { createRandom, resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { beforeAll, describe, expect, it } from 'vitest'
import { rmsNorm } from '../../rms-norm'
import type { GpuBackend } from './backend'
import { largest, sum } from './group-reduction'
import { findAdapter, findGpu } from './host'
import type { GpuKernel } from './kernel'
import { expectLikeCpu, registerGpuEngine, useWebGpu } from './testing'

/** Each of so many threads writes what it is told of all: their sum and their maximum. */
const kernelOf = (threads: number): GpuKernel => ({
  name: `told to each of ${threads}`,
  inputs: { x: 'f32' },
  outputs: { y: 'f32' },
  reductions: { threads, functions: { total: sum, largest } },
  code: `
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) t: u32) {
  let first = total(x[t], t);
  let most = largest(x[t], t);
  y[2u * t] = first + total(x[t], t);
  y[2u * t + 1u] = most;
}`,
})

const random = createRandom(3)
const normal = (shape: number[]): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  )

describe.each([
  ['with subgroups where the adapter has them', 'webgpu', true],
  ['without', 'webgpu-plain', false],
])('reductions of a group %s', (_, name, subgroups) => {
  useWebGpu()
  beforeAll(() => (subgroups ? undefined : registerGpuEngine(name, {}, ['subgroups'])))

  it('takes them or not', async () => {
    await resolveEngine(name)
    const { features } = (tf.backend() as unknown as GpuBackend).gpu
    const adapter = (await findAdapter((await findGpu()) as GPU)) as GPUAdapter
    expect(features.has('subgroups')).toBe(subgroups && adapter.features.has('subgroups'))
  })

  it.each([2, 64, 256])('tell all of %i threads the same', async (threads) => {
    await resolveEngine(name)
    const backend = tf.backend() as unknown as GpuBackend
    // Whole numbers, so that the sum is the same in any order, and wrong where one is missed or comes twice.
    const values = Float32Array.from({ length: threads }, (_, t) => ((t * 7919) % 509) - 250)
    const x = tf.tensor1d(values)
    const [made] = backend.call(
      [x],
      [{ shape: [threads, 2], dtype: 'float32' }],
      [{ kernel: kernelOf(threads), inputs: [0], outputs: [0], parameters: [], groups: [1, 1, 1] }],
    )
    const told = tf.engine().makeTensorFromTensorInfo(made)
    const expected = [2 * values.reduce((a, b) => a + b, 0), Math.max(...values)]
    expect([...(await told.data())]).toEqual(Array.from({ length: threads }, () => expected).flat())
    tf.dispose([x, told])
  })

  it('make softmax, sums, extremes and norms', async () => {
    const x = tf.add(normal([3, 300]), 3)
    await expectLikeCpu(
      [x, normal([300])],
      (rows, scale) => [
        tf.softmax(rows),
        tf.logSoftmax(rows),
        tf.sum(rows, 1),
        tf.max(rows, 1),
        tf.min(rows),
        rmsNorm(rows as never, scale as never, 1e-6),
      ],
      2e-6,
      name,
    )
  })

  it('find what is not a number', async () => {
    await resolveEngine(name)
    const values = new Float32Array(3 * 100).fill(2)
    values[150] = NaN
    const x = tf.tensor2d(values, [3, 100])
    expect([...(await tf.max(x, 1).data())]).toEqual([2, NaN, 2])
    expect([...(await tf.min(x, 1).data())]).toEqual([2, NaN, 2])
  })
})
