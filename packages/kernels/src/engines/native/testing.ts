import { createRandom, resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { expect } from 'vitest'
import { nativeAddon, useInstructionSet } from './index'
import type { Addon } from './addon'

export async function addonForTests(): Promise<Addon> {
  const addon = await nativeAddon()
  if (typeof addon === 'string') throw new Error(addon)
  return addon
}

/** The instruction sets that this machine has. */
export const instructionSets = (addon: Addon) =>
  addon.instructionSets.filter((set) => set[2]).map((set) => set[0])

const random = createRandom(7)
export const normal = (shape: number[], scale = 1): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
    shape,
  )
export const integers = (shape: number[], below: number): Tensor =>
  tf.tensor(
    Int32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.integer(below)),
    shape,
    'int32',
  )

/** ‖a − b‖ / ‖b‖, or ‖a‖ where b is all zeros. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let difference = 0
  let norm = 0
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2
    norm += b[i] ** 2
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm)
}

export interface Plain {
  shape: number[]
  dtype: tf.DataType
  values: number[]
}

/** What `run` makes of the tensors on an engine, as plain arrays. */
export async function resultsOn(
  engine: string,
  inputs: Tensor[],
  run: (...inputs: Tensor[]) => Tensor | Tensor[],
  threads = 2,
): Promise<Plain[]> {
  await resolveEngine(engine, { threads })
  return tf.tidy(() => {
    const copies = inputs.map((x) => tf.tensor(x.dataSync(), x.shape, x.dtype))
    const results = run(...copies)
    return (Array.isArray(results) ? results : [results]).map((x) => ({
      shape: x.shape,
      dtype: x.dtype,
      values: Array.from(x.dataSync()),
    })) as never
  }) as unknown as Plain[]
}

/** Runs on cpu and on the native engine with each instruction set, fresh blocks full of NaN, and compares. */
export async function expectLikeCpu(
  inputs: Tensor[],
  run: (...inputs: Tensor[]) => Tensor | Tensor[],
  { tolerance = 2e-6, native = run }: { tolerance?: number; native?: typeof run } = {},
): Promise<void> {
  const expected = await resultsOn('cpu', inputs, run)
  const addon = await addonForTests()
  addon.setPoison(1)
  try {
    for (const set of instructionSets(addon)) {
      useInstructionSet(addon, set)
      const actual = await resultsOn('native', inputs, native)
      expect(actual.map(({ shape, dtype }) => [dtype, ...shape])).toEqual(
        expected.map(({ shape, dtype }) => [dtype, ...shape]),
      )
      for (let i = 0; i < expected.length; i++) {
        const finite = (values: number[]) => values.map((x) => (Number.isFinite(x) ? x : 0))
        const special = (values: number[]) => values.filter((x) => !Number.isFinite(x))
        expect(special(actual[i].values), set).toEqual(special(expected[i].values))
        expect(relativeError(finite(actual[i].values), finite(expected[i].values)), set).toBeLessThan(
          tolerance,
        )
      }
    }
  } finally {
    addon.setPoison(0)
    useInstructionSet(addon)
  }
}
