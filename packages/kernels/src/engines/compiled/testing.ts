import {
  createRandom,
  relativeError,
  resolveEngine,
  tf,
  type EngineOptions,
  type Precision,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import { expect } from 'vitest'
import { nativeAddon, useInstructionSet } from '../native'
import { wasmModule, type WasmModule } from '../wasm'

/** Something that the kernels were compiled for: an instruction set of the native engine, or the WebAssembly module. */
export interface Target {
  name: string
  engine: 'native' | 'wasm'
  /** Makes it what tfjs runs on. */
  use(threads?: number): Promise<void>
  setPoison(on: number): void
}

export async function wasmForTests(): Promise<WasmModule> {
  const module = await wasmModule()
  if (typeof module === 'string') throw new Error(module)
  return module
}

/** The native engine's targets that this machine has; in f32 only those whose kernels differ. */
export async function nativeTargets(precision: Precision): Promise<Target[]> {
  const addon = await nativeAddon()
  if (typeof addon === 'string') return []
  const supported = addon.instructionSets.filter((set) => set[2])
  const kinds = supported.map(([, label, , f32]) => `${label} ${f32}`)
  const differing = supported.filter((_, i) => precision === 'bf16' || kinds.indexOf(kinds[i]) === i)
  const native = differing.map(([name]): Target => ({
    name,
    engine: 'native',
    use: async (threads = 2) => {
      useInstructionSet(addon, name)
      await resolveEngine('native', { threads, precision })
    },
    setPoison: (on) => addon.setPoison(on),
  }))
  // Whoever goes through them ends with the best one in use.
  return native.toReversed()
}

/** All targets that this machine has: without a compiler only WebAssembly. */
export async function compiledTargets(): Promise<Target[]> {
  const wasm = await wasmForTests()
  const setPoison = (on: number) => wasm.setPoison(on)
  const use = async (threads = 2) => void (await resolveEngine('wasm', { threads }))
  const portable: Target = { name: 'wasm', engine: 'wasm', use, setPoison }
  return [...(await nativeTargets('f32')), portable]
}

/** Random tensors, the same for each file that draws with this seed. */
export function createDraws(seed: number) {
  const random = createRandom(seed)
  return {
    normal: (shape: number[], scale = 1): Tensor =>
      tf.tensor(
        Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => scale * random.normal()),
        shape,
      ),
    integers: (shape: number[], below: number): Tensor =>
      tf.tensor(
        Int32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.integer(below)),
        shape,
        'int32',
      ),
  }
}

/** Runs on one thread of an engine, then on others and again, and gets the same bits each time. */
export async function expectSameBits(
  run: () => unknown,
  options: EngineOptions = {},
  engine = 'native',
): Promise<void> {
  await resolveEngine(engine, { ...options, threads: 1 })
  const expected = run()
  for (const threads of [2, 3, 2]) {
    await resolveEngine(engine, { ...options, threads })
    expectBits(run(), expected)
  }
}

/** toEqual goes through arrays value by value, which takes long where they are large: it is asked only about bits that differ. */
export function expectBits(actual: unknown, expected: unknown): void {
  if (!sameBits(actual, expected)) expect(actual).toEqual(expected)
}

function sameBits(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, i) => sameBits(value, b[i]))
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return Buffer.compare(bytesOf(a), bytesOf(b)) === 0
  return Object.is(a, b)
}
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The values of what `run` makes, which is freed. */
export function valuesOf(run: () => readonly Tensor[]): Values[] {
  let values: Values[] = []
  // Not returned from tidy, which would look for tensors among all of them.
  tf.tidy(() => {
    values = run().map((x) => x.dataSync().slice())
  })
  return values
}
type Values = Float32Array | Int32Array | Uint8Array

/** A tensor as a plain array, whatever engine is in use. */
export interface Plain {
  shape: number[]
  dtype: tf.DataType
  values: Values
}

/** What `run` makes of plain inputs on the engine in use. */
export function plainResults(
  inputs: readonly Plain[],
  run: (...inputs: Tensor[]) => Tensor | Tensor[],
): Plain[] {
  let results: Tensor[] = []
  const values = valuesOf(() => {
    const made = run(...inputs.map((x) => tf.tensor(x.values, x.shape, x.dtype)))
    return (results = Array.isArray(made) ? made : [made])
  })
  return results.map(({ shape, dtype }, i) => ({ shape, dtype, values: values[i] }))
}

export const plainOf = (x: Tensor): Plain => ({ shape: x.shape, dtype: x.dtype, values: x.dataSync() })

/** Runs on cpu and on every target, fresh blocks full of NaN, and compares. */
export async function expectLikeCpu(
  inputs: Tensor[],
  run: (...inputs: Tensor[]) => Tensor | Tensor[],
  { tolerance = 2e-6, compiled = run }: { tolerance?: number; compiled?: typeof run } = {},
): Promise<void> {
  const plain = inputs.map(plainOf)
  await resolveEngine('cpu')
  const expected = plainResults(plain, run)
  await onEveryTarget((target) => expectClose(plainResults(plain, compiled), expected, tolerance, target))
}

/** Calls `run` on every target in turn, fresh blocks full of NaN. */
export async function onEveryTarget(run: (target: string) => void): Promise<void> {
  for (const target of await compiledTargets()) {
    await target.use()
    target.setPoison(1)
    try {
      run(target.name)
    } finally {
      target.setPoison(0)
    }
  }
}

/** Fails where types, shapes, values that aren't finite or relative errors are not as expected. */
export function expectClose(
  actual: readonly Plain[],
  expected: readonly Plain[],
  tolerance: number,
  where: string,
): void {
  expect(actual.map(({ shape, dtype }) => [dtype, ...shape])).toEqual(
    expected.map(({ shape, dtype }) => [dtype, ...shape]),
  )
  for (let i = 0; i < expected.length; i++) {
    const [finite, special] = parted(actual[i].values)
    const [wanted, wantedSpecial] = parted(expected[i].values)
    expect(special, where).toEqual(wantedSpecial)
    expect(relativeError(finite, wanted), where).toBeLessThan(tolerance)
  }
}

/** The values, zeros in place of those that aren't finite; and these alone. */
function parted(values: Values): [finite: Values, special: number[]] {
  if (values.every(Number.isFinite)) return [values, []]
  const finite = values.slice()
  const special: number[] = []
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) {
      special.push(values[i])
      finite[i] = 0
    }
  return [finite, special]
}
