import {
  registerEngine,
  relativeError,
  resolveEngine,
  tf,
  type Tensor,
  type TensorValues,
  readTensors,
} from '@ttt-e2e/tensor-ops'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { GpuBackend } from './backend'
import { openGpu, type WantedFeature } from './device'
import type { GpuPrecision } from './half'
import { registerGpuBackend } from './register'
import './index'

/**
 * The tests of this block run on webgpu. Where there is no adapter that can, they are skipped with the reason, in CI they fail.
 */
export function useWebGpu(precision: GpuPrecision = 'f32'): void {
  let refused: string | undefined
  beforeAll(async () => {
    await resolveEngine('webgpu', { precision }).catch((error: Error) => {
      if (process.env.CI) throw error
      refused = error.message
    })
  })
  beforeEach(({ skip }) => {
    if (refused !== undefined) skip(refused)
  })
  afterAll(() => resolveEngine('cpu'))
}

/**
 * Makes an engine of this name on a device of its own, where there is one.
 *
 * @param limits in place of the device's
 * @param without features that the device is to lack
 */
export async function registerGpuEngine(
  name: string,
  limits: Partial<Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize'>> = {},
  without: readonly WantedFeature[] = [],
): Promise<GpuBackend | undefined> {
  const gpu = await openGpu(without)
  if (typeof gpu === 'string') return undefined
  const all = new Proxy(gpu.limits, {
    get: (own, limit) => limits[limit as keyof typeof limits] ?? own[limit as 'maxBufferSize'],
  })
  const { check, device, failed } = gpu
  const { backend } = registerGpuBackend(name, { ...gpu, check, device, failed, limits: all })
  registerEngine({
    name,
    rank: 1000,
    probe: () => Promise.resolve(true),
    create: () => Promise.resolve('a device of its own'),
    memory: () => ({ live: backend.pool.liveBytes, reserved: backend.pool.reservedBytes, limit: Infinity }),
  })
  return backend
}

interface Plain {
  shape: number[]
  dtype: tf.DataType
  values: TensorValues
}

/** What `run` makes of the tensors on an engine, as plain arrays; their values come from where they are now. */
async function resultsOn(
  engine: string,
  inputs: readonly Plain[],
  run: (...inputs: Tensor[]) => Tensor | Tensor[],
): Promise<Plain[]> {
  await resolveEngine(engine)
  const results = tf.tidy(() =>
    [run(...inputs.map(({ values, shape, dtype }) => tf.tensor(values, shape, dtype)))].flat(),
  )
  const values = await readTensors(results)
  const plain = results.map(({ shape, dtype }, i) => ({ shape, dtype, values: values[i].slice() }))
  tf.dispose(results)
  return plain
}

/** Runs on cpu and on webgpu, and compares; webgpu, or another engine of its kernels, stays the active one. */
export async function expectLikeCpu(
  inputs: readonly Tensor[],
  run: (...inputs: Tensor[]) => Tensor | Tensor[],
  tolerance = 2e-6,
  engine = 'webgpu',
): Promise<void> {
  const values = await readTensors(inputs)
  const given = inputs.map(({ shape, dtype }, i) => ({ shape, dtype, values: values[i] }))
  const expected = await resultsOn('cpu', given, run)
  const actual = await resultsOn(engine, given, run)
  const form = ({ shape, dtype }: Plain) => [dtype, ...shape]
  expect(actual.map(form)).toEqual(expected.map(form))
  actual.forEach((result, i) =>
    expect(relativeError(result.values, expected[i].values), `result ${i}`).toBeLessThan(tolerance),
  )
}
