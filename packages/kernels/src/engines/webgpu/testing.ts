import {
  relativeError,
  resolveEngine,
  tf,
  type Tensor,
  type TensorValues,
  readTensors,
} from '@ttt-e2e/tensor-ops'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import './index'

/** The tests of this block run on webgpu. Where there is no adapter they are skipped with the reason, in CI they fail. */
export function useWebGpu(): void {
  let refused: string | undefined
  beforeAll(async () => {
    await resolveEngine('webgpu').catch((error: Error) => {
      if (process.env.CI) throw error
      refused = error.message
    })
  })
  beforeEach(({ skip }) => {
    if (refused !== undefined) skip(refused)
  })
  afterAll(() => resolveEngine('cpu'))
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
